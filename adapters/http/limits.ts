/** What the HTTP adapter bears, as data. Over a limit the answer is a problem that says what to do; nothing is dropped in silence. */

export interface HttpLimits {
  /** Of a request's body; larger ones are answered 413. */
  bodyBytesMax: number;
  /** For a body to arrive; slower ones are answered 408. */
  bodyTimeoutMs: number;
  /** Of a request's head, all headers together; larger ones are answered 431. */
  headerBytesMax: number;
  /** Of a customer's token. */
  tokenBytesMax: number;
  /** How far the clock of whoever signs tokens may be ahead of ours. */
  tokenSkewMs: number;
  /** How long a request waits for its reply; then it is answered 504, and the reply is found in the conversation. */
  replyTimeoutMs: number;
  /** How long open requests may still end when the desk stops. */
  closeGraceMs: number;
  /** A stream without an event shows after so long that it is alive. */
  heartbeatMs: number;
  /** Requests a minute that change one session; as many may come at once. */
  sessionPerMinute: number;
  /** Requests a minute under one API key; as many may come at once. */
  keyPerMinute: number;
  /** Requests of one session that wait for their replies. */
  openPerSessionMax: number;
  /** Requests that wait for their replies, all together. */
  openMax: number;
  connectionsMax: number;
  /** How long an answer is kept for a retry with the same Idempotency-Key. */
  answersKeptMs: number;
  answersKeptMax: number;
  /** The most messages that one look at a conversation shows, and how many it shows unless told. */
  messagesMax: number;
  messagesShown: number;
}

export const httpLimits: Readonly<HttpLimits> = {
  bodyBytesMax: 64 * 1024,
  bodyTimeoutMs: 15_000,
  headerBytesMax: 16 * 1024,
  tokenBytesMax: 4 * 1024,
  tokenSkewMs: 5_000,
  replyTimeoutMs: 120_000,
  closeGraceMs: 4_000,
  heartbeatMs: 15_000,
  sessionPerMinute: 60,
  keyPerMinute: 12_000,
  openPerSessionMax: 32,
  openMax: 2_000,
  connectionsMax: 4_000,
  answersKeptMs: 10 * 60_000,
  answersKeptMax: 5_000,
  messagesMax: 200,
  messagesShown: 50,
};
