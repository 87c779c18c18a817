import { fail } from "../core/mod.ts";

/** What is looked at before a server listens. */
export interface Binding {
  readonly ip: string;
  readonly hasTokens: boolean;
  readonly hasTls: boolean;
  readonly insecure: boolean;
}

/** Whether only this machine reaches an address. */
export function isLoopback(ip: string): boolean {
  return /^127(?:\.\d{1,3}){3}$/.test(ip) || /^(?:0{0,4}:){2,7}0{0,3}1$/.test(ip);
}

/**
 * Refuse to serve other machines without authentication and encryption.
 *
 * @throws KuiperError `config` with the yaml that mends it.
 */
export function refuseOpenBinding({ ip, hasTokens, hasTls, insecure }: Binding): void {
  if (isLoopback(ip) || insecure || hasTokens && hasTls) return;
  const lacking = [...(hasTokens ? [] : ["token"]), ...(hasTls ? [] : ["TLS"])];
  const yaml = [
    "basic:",
    ...(hasTokens
      ? []
      : ["  tokens:", '    NAME: "sha256:…"    # kuiper token new NAME prints it']),
    ...(hasTls ? [] : ["  restTls: {certfile: certs/server.pem, keyfile: certs/server.key}"]),
  ];
  throw fail(
    "config",
    `Cannot serve on ${ip}: other machines reach it and there is no ${lacking.join(" and no ")}, ` +
      `add to etc/kuiper.yaml\n${yaml.join("\n")}\nor serve on 127.0.0.1 (basic.restIp), or ` +
      "take the risk with basic.insecure: true",
  );
}
