// Run the journey with the official TypeScript client: a plan on stdin, a report on stdout, both JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { text } from "node:stream/consumers";

const plan = JSON.parse(await text(process.stdin));

function transport() {
  if (plan.url) {
    return new StreamableHTTPClientTransport(new URL(plan.url), { requestInit: { headers: plan.headers } });
  }
  const [command, ...args] = plan.command;
  return new StdioClientTransport({ command, args, env: plan.env, cwd: plan.cwd });
}

// The value with each $name replaced by what an earlier answer gave.
function filled(value, kept) {
  if (typeof value === "string") return value.replace(/\$(\w+)/g, (_, name) => kept[name]);
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filled(item, kept)]));
}

const client = new Client({ name: "journey", version: "1.0.0" });
const connection = transport();
await client.connect(connection);
const { tools } = await client.listTools();
const kept = { ...plan.kept };
const answers = [];
for (const step of plan.steps) {
  const answer = await client.callTool({ name: step.tool, arguments: filled(step.arguments, kept) });
  answers.push({
    tool: step.tool,
    is_error: answer.isError ?? false,
    data: answer.structuredContent,
    text: answer.content[0].text,
  });
  for (const [name, field] of Object.entries(step.keep ?? {})) kept[name] = answer.structuredContent[field];
}
if (connection.terminateSession) await connection.terminateSession();
await client.close();
process.stdout.write(
  JSON.stringify({
    server: client.getServerVersion().name,
    protocol: connection.protocolVersion ?? null,
    tools: tools.map((tool) => tool.name),
    answers,
  }),
);
