/**
 * A proxy as they stand in offices: between client and server, and with its own mind about what it lets through.
 */

import { once } from "node:events";
import http from "node:http";
import net from "node:net";

export class Proxy {
  /**
   * @param {string} server origin of the server behind it
   * @param {{sockets?: boolean, collects?: boolean}} [mind] `sockets`: whether it lets WebSockets through; `collects`:
   *   whether it holds an answer of unknown length back until it is whole
   */
  static async start(server, { sockets = true, collects = false } = {}) {
    const proxy = new Proxy();
    Object.assign(proxy, { behind: new URL(server), sockets, collects, asked: [], connections: new Set() });
    proxy.front = http.createServer((request, answer) => proxy.forward(request, answer));
    proxy.front.on("upgrade", (request, socket, head) => proxy.upgrade(request, socket, head));
    proxy.front.on("connection", (socket) => {
      proxy.connections.add(socket);
      socket.on("error", () => {});
    });
    proxy.front.listen(0, "127.0.0.1");
    await once(proxy.front, "listening");
    proxy.url = `http://127.0.0.1:${proxy.front.address().port}`;
    return proxy;
  }

  forward(request, answer) {
    this.asked.push(request.url);
    const { method, url, headers } = request;
    const onward = http.request({ host: this.behind.hostname, port: this.behind.port, method, path: url, headers, agent: false });
    onward.on("response", (reply) => {
      const isHeld = this.collects && !reply.headers["content-length"];
      const begin = () => answer.writeHead(reply.statusCode, reply.headers);
      if (!isHeld) {
        begin();
        reply.pipe(answer);
        return reply.on("error", () => answer.destroy());
      }
      const pieces = [];
      reply.on("data", (piece) => pieces.push(piece));
      reply.on("end", () => (begin(), answer.end(Buffer.concat(pieces))));
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    request.pipe(onward);
  }

  upgrade(request, socket, head) {
    this.asked.push(request.url);
    if (!this.sockets) return socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    const lines = request.rawHeaders.map((text, i) => (i % 2 ? `${text}\r\n` : `${text}: `)).join("");
    const onward = net.connect(this.behind.port, this.behind.hostname);
    onward.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines}\r\n`);
    onward.write(head);
    onward.pipe(socket).pipe(onward);
    onward.on("error", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  }

  /** How many bytes went between it and its clients, both ways. */
  get bytes() {
    return [...this.connections].reduce((sum, { bytesRead, bytesWritten }) => sum + bytesRead + bytesWritten, 0);
  }

  async end() {
    for (const socket of this.connections) socket.destroy();
    this.front.close();
    await once(this.front, "close");
  }
}
