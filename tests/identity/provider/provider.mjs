// A real OpenID provider for the tests, with its own pages for signing in. Says where it listens on its first line.
//   node provider.mjs '{"redirect": "…/sign-in/callback", "signed_out": "…/", "people": {"frau-amt": {"name": "…", "groups": […]}}}'
// Lines on standard input: `rotate` = it signs with new keys from now on, `claims id_token|userinfo` = where it says
// who somebody is. The end of standard input ends it.
import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const { redirect, signed_out, people } = JSON.parse(process.argv[2]);
const newKey = () => ({
  ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }),
  kid: randomUUID(), use: "sig", alg: "RS256",
});

let current;
let claimsIn = "id_token";
const server = createServer((request, response) => current(request, response));
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const make = () => new Provider(issuer, {
    clients: [{
      client_id: "geo-service", client_secret: "a secret with:colon & percent %", redirect_uris: [redirect],
      post_logout_redirect_uris: [signed_out], response_types: ["code"], grant_types: ["authorization_code"],
    }],
    jwks: { keys: [newKey()] },
    cookies: { keys: ["for these tests only"] },
    claims: { openid: ["sub", "groups", "realm_access"], profile: ["name", "preferred_username"], email: ["email"] },
    conformIdTokenClaims: claimsIn === "userinfo",
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    pkce: { required: () => true },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...(people[id] ?? {}) }) }),
    ttl: { Session: 3600, Grant: 3600, Interaction: 600, AccessToken: 300, IdToken: 300, AuthorizationCode: 60 },
  });
  current = make().callback();
  createInterface({ input: process.stdin }).on("line", (line) => {
    if (line.startsWith("claims ")) claimsIn = line.split(" ")[1];
    current = make().callback();
    console.log("done");
  }).on("close", () => process.exit(0));
  console.log(issuer);
});
