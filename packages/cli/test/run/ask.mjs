// Asks for a URL without its scheme, with a method and a body if they are given: node ask.mjs URL [METHOD BODY]
const [url, method = 'GET', body] = process.argv.slice(2)
process.stdout.write(await (await fetch(`http://${url}`, { method, body })).text())
