// Three concurrent connections, each of which writes and reads for a second.
import { connect } from 'node:net'

for (const name of ['a', 'b', 'c']) {
  const socket = connect(Number(process.argv[2]), '127.0.0.1')
  let asked = 0
  let answer = ''
  const next = () => {
    if (++asked > 40) return socket.end()
    const key = `k${Math.floor(asked / 2) % 3}`
    const value = `${name}${asked}`
    socket.write(asked % 2 ? `set ${key} 0 0 ${value.length}\r\n${value}\r\n` : `get ${key}\r\n`)
  }
  socket.on('connect', next)
  socket.on('data', (bytes) => {
    answer += bytes
    if (!/(?:STORED|END)\r\n$/.test(answer)) return
    answer = ''
    setTimeout(next, 25)
  })
}
