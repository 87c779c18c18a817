import type { IClientOptions, MqttClient } from "mqtt";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/**
 * The socket of a client, on its way to the broker. The library has sockets of its own, but with them comes its code for
 * WebSockets and proxies: 12 MB that nobody uses here.
 *
 * @param options of `clientOptions`.
 */
export function openSocket(client: MqttClient, options: IClientOptions): Socket {
  const { host = "", port = 0 } = options;
  if (options.protocol !== "mqtts") return connect({ host, port });
  const { ca, cert, key, rejectUnauthorized } = options;
  const socket = connectTls({
    host,
    port,
    ca,
    cert,
    key,
    rejectUnauthorized,
    // An address is no name that a certificate could be asked for.
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  // The library tells only of the errors of sockets, and not of what is wrong with a certificate.
  const tell = (error: Error) => void client.emit("error", error);
  socket.on("error", tell);
  socket.on("secureConnect", () => socket.off("error", tell));
  return socket;
}
