#!/usr/bin/env node
/**
 * The smallest OpenAI-compatible server, for measuring: `node openai-server-process.js [--tool NAME] [--arguments JSON]
 * [--text TEXT]`. It prints `{"port":…}`, calls the tool in a turn's first round and says the text in its second, and
 * ends when its standard input does. Plain JavaScript, so that a bench can start it as it is.
 */
import { createServer } from "node:http";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    tool: { type: "string", default: "lookup_order" },
    arguments: { type: "string", default: '{"order_id":"ord_1001"}' },
    text: {
      type: "string",
      default:
        "Your order ord_1001 has been shipped and should be with you in two days. Is there anything else?",
    },
  },
});

const event = (fields) =>
  `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", ...fields })}\n\n`;
const chunk = (delta, finish_reason = null) => event({ choices: [{ index: 0, delta, finish_reason }] });
const usage = { prompt_tokens: 900, completion_tokens: 30, total_tokens: 930 };
const end = `${event({ choices: [], usage })}data: [DONE]\n\n`;
const whole = (message, finish_reason) =>
  JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    choices: [{ index: 0, message, finish_reason }],
    usage,
  });

const call = (id, text) => ({
  index: 0,
  id,
  type: "function",
  function: { name: values.tool, arguments: text },
});
const calls = {
  stream: [
    chunk({ role: "assistant", content: null, tool_calls: [call("call_NUMBER", "")] }),
    ...values.arguments
      .match(/[\s\S]{1,6}/g)
      .map((piece) => chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] })),
    chunk({}, "tool_calls"),
    end,
  ].join(""),
  body: whole(
    { role: "assistant", content: null, tool_calls: [call("call_NUMBER", values.arguments)] },
    "tool_calls",
  ),
};
const text = {
  stream: [
    chunk({ role: "assistant", content: "" }),
    ...values.text.match(/\s*\S+/g).map((word) => chunk({ content: word })),
    chunk({}, "stop"),
    end,
  ].join(""),
  body: whole({ role: "assistant", content: values.text }, "stop"),
};

let number = 0;
const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const asked = Buffer.concat(parts).toString("latin1");
    // the turn's first round unless the last of these two roles is a tool's
    const answer = asked.lastIndexOf('"role":"tool"') > asked.lastIndexOf('"role":"user"') ? text : calls;
    const stream = asked.includes('"stream":true');
    const content = stream ? answer.stream : answer.body;
    response.writeHead(200, { "content-type": stream ? "text/event-stream" : "application/json" });
    response.end(answer === calls ? content.replace("NUMBER", String(++number)) : content);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.resume().on("end", () => process.exit(0));
