// A memcached server with get, set and delete, which a test records. With `stale`, it keeps the first value of a key.
import { createServer } from 'node:net'

const [port, isStale] = process.argv.slice(2)
const held = new Map()
createServer((socket) => {
  let rest = ''
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    rest += bytes
    for (;;) {
      const [, line, command, key, , , size] = /^((\w+) +(\S+)(?: (\d+) (\d+) (\d+))?\r\n)/.exec(rest) ?? []
      const end = command === 'set' ? line?.length + Number(size) + 2 : line?.length
      if (line === undefined || rest.length < end) return
      const value = rest.slice(line.length, end - 2)
      rest = rest.slice(end)
      if (command === 'set' && !(isStale && held.has(key))) held.set(key, value)
      if (command === 'delete') held.delete(key)
      const found = held.get(key)
      const read = found === undefined ? 'END\r\n' : `VALUE ${key} 0 ${found.length}\r\n${found}\r\nEND\r\n`
      socket.write(command === 'get' ? read : command === 'set' ? 'STORED\r\n' : 'DELETED\r\n')
    }
  })
}).listen(Number(port), '127.0.0.1')
