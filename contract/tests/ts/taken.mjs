// Runs the validators of many modules: reads [{ module, payloads: [text] }] on stdin, answers whether the event `e` of each
// takes its payloads.

let input = "";
for await (const chunk of process.stdin.setEncoding("utf8")) input += chunk;

const answer = [];
for (const { module, payloads } of JSON.parse(input)) {
  const [contract] = Object.values(await import(`data:text/javascript,${encodeURIComponent(module)}`));
  answer.push(payloads.map((text) => contract.validate.e(JSON.parse(text)) === null));
}
console.log(JSON.stringify(answer));
