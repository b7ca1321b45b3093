/** The server's end of a WebSocket, as much of RFC 6455 as Socket Mode needs: text, ping, pong, close. */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

export interface ServerSocket {
  readonly open: boolean;
  send(text: string): void;
  ping(): void;
  /** Sends a close frame; the connection ends when the client answers it. */
  close(code?: number): void;
  /** Breaks the connection without a word. */
  destroy(): void;
  /** No more pongs, as when the other end has gone without a word. */
  playDead(): void;
  onText?: (text: string) => void;
  onClose?: () => void;
}

const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

export function acceptWebSocket(request: IncomingMessage, stream: Duplex): ServerSocket {
  const accept = createHash("sha1")
    .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  stream.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let open = true;
  let dead = false;
  let buffer: Buffer = Buffer.alloc(0);
  let fragments: Buffer[] = [];
  const write = (opcode: number, payload: Buffer) => {
    if (open && !dead) stream.write(frame(opcode, payload));
  };
  const ended = () => {
    if (!open) return;
    open = false;
    socket.onClose?.();
  };
  const socket: ServerSocket = {
    get open() {
      return open;
    },
    send: (text) => write(opcodes.text, Buffer.from(text)),
    ping: () => write(opcodes.ping, Buffer.from("ping")),
    close(code = 1000) {
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(code);
      write(opcodes.close, payload);
    },
    destroy: () => stream.destroy(),
    playDead() {
      dead = true;
    },
  };
  stream.on("data", (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const next = readFrame(buffer);
      if (!next) return;
      buffer = next.rest;
      if (dead) continue;
      if (next.opcode === opcodes.ping) write(opcodes.pong, next.payload);
      else if (next.opcode === opcodes.close) {
        write(opcodes.close, next.payload);
        stream.end();
      } else if (next.opcode === opcodes.text || next.opcode === 0) {
        fragments.push(next.payload);
        if (next.final) {
          const text = Buffer.concat(fragments).toString();
          fragments = [];
          socket.onText?.(text);
        }
      }
    }
  });
  stream.on("close", ended);
  stream.on("error", ended);
  stream.on("end", () => {
    stream.destroy();
    ended();
  });
  return socket;
}

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

function readFrame(
  buffer: Buffer,
): { opcode: number; final: boolean; payload: Buffer; rest: Buffer } | undefined {
  if (buffer.length < 2) return undefined;
  const [first = 0, second = 0] = buffer;
  let length = second & 0x7f;
  let at = 2;
  if (length === 126) {
    if (buffer.length < 4) return undefined;
    length = buffer.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (buffer.length < 10) return undefined;
    length = Number(buffer.readBigUInt64BE(2));
    at = 10;
  }
  const masked = (second & 0x80) !== 0;
  const mask = masked ? buffer.subarray(at, at + 4) : undefined;
  if (masked) at += 4;
  if (buffer.length < at + length) return undefined;
  const payload = Buffer.from(buffer.subarray(at, at + length));
  if (mask) for (let n = 0; n < length; n += 1) payload[n] = (payload[n] ?? 0) ^ (mask[n % 4] ?? 0);
  return {
    opcode: first & 0x0f,
    final: (first & 0x80) !== 0,
    payload,
    rest: Buffer.from(buffer.subarray(at + length)),
  };
}
