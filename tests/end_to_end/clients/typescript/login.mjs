// Sign in with the official TypeScript client, given a URL alone: the URL as the argument, a report on stdout.
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const url = new URL(process.argv[2]);
const kept = {};
let landed;

const person = {
  redirectUrl: "http://127.0.0.1:8976/callback",
  clientMetadata: {
    client_name: "end-to-end",
    redirect_uris: ["http://127.0.0.1:8976/callback"],
    token_endpoint_auth_method: "none",
  },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => (kept.tokens = tokens),
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => (kept.verifier = verifier),
  state: () => "a-state",
  async redirectToAuthorization(link) {
    kept.scope = link.searchParams.get("scope");
    const answer = await fetch(link, { redirect: "manual" });
    landed = new URL(answer.headers.get("location"));
  },
};

const client = new Client({ name: "login", version: "1.0.0" });
const first = new StreamableHTTPClientTransport(url, { authProvider: person });
try {
  await client.connect(first);
  throw new Error("It was let in without signing in.");
} catch (error) {
  if (!(error instanceof UnauthorizedError)) throw error;
}
await first.finishAuth(landed.searchParams.get("code"));
await client.connect(new StreamableHTTPClientTransport(url, { authProvider: person }));
const answer = await client.callTool({ name: "list_configs", arguments: {} });
await client.close();
process.stdout.write(
  JSON.stringify({ is_error: answer.isError ?? false, total: answer.structuredContent.total, scope: kept.scope }),
);
