import { join } from "@std/path";

/** Paths of PEM files in a temporary directory that goes with this object. */
export interface Certificates extends AsyncDisposable {
  /** The authority that signed the others. */
  ca: string;
  /** For 127.0.0.1 and localhost. */
  serverCert: string;
  serverKey: string;
  clientCert: string;
  clientKey: string;
  /** An authority that signed none of them. */
  strangerCa: string;
}

/**
 * Make an authority, and a server's and a client's certificate signed by it: leaves, because the runtime refuses an
 * authority's own certificate as a server's. Needs openssl on the PATH.
 */
export async function makeCertificates(): Promise<Certificates> {
  const dir = await Deno.makeTempDir({ prefix: "kuiper_tls_" });
  const path = (name: string) => join(dir, name);
  await makeAuthority(dir, "ca");
  await makeAuthority(dir, "stranger");
  await makeLeaf(dir, "server", "IP:127.0.0.1,DNS:localhost");
  await makeLeaf(dir, "client", "DNS:client");
  return {
    ca: path("ca.pem"),
    serverCert: path("server.pem"),
    serverKey: path("server.key"),
    clientCert: path("client.pem"),
    clientKey: path("client.key"),
    strangerCa: path("stranger.pem"),
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

async function makeAuthority(dir: string, name: string): Promise<void> {
  const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
  await openssl(dir, ["req", "-x509", ...NEW_KEY, "-days", "2", "-subj", `/CN=${name}`, ...files]);
}

async function makeLeaf(dir: string, name: string, names: string): Promise<void> {
  const request = ["-keyout", `${name}.key`, "-out", `${name}.csr`];
  await openssl(dir, ["req", ...NEW_KEY, "-subj", `/CN=${name}`, ...request]);
  const extensions = `basicConstraints=CA:FALSE\nsubjectAltName=${names}\n`;
  await Deno.writeTextFile(join(dir, `${name}.ext`), extensions);
  const authority = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
  const files = ["-in", `${name}.csr`, "-extfile", `${name}.ext`, "-out", `${name}.pem`];
  await openssl(dir, ["x509", "-req", ...authority, "-days", "2", ...files]);
}

async function openssl(cwd: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args, cwd, stdin: "null" })
    .output();
  if (!success) throw new Error(`openssl ${args[0]} failed: ${new TextDecoder().decode(stderr)}`);
}
