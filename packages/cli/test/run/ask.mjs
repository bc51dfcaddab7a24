// Requests a URL, given without its scheme, with an optional method and body: node ask.mjs URL [METHOD BODY]
const [url, method = 'GET', body] = process.argv.slice(2)
process.stdout.write(await (await fetch(`http://${url}`, { method, body })).text())
