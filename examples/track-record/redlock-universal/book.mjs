// The book of each room. POST /ROOM/ENTRY/FROM/TO records when somebody worked in the room, and answers {"kept": false}
// if two ever worked there at the same time. The clocks of the nodes may differ by a few milliseconds.
import { createServer } from 'node:http'

const books = new Map()
const broken = new Set()

createServer(({ url }, response) => {
  const [, room, entry, ...hours] = url.split('/')
  const [from, to] = hours.map(Number)
  const book = books.get(room) ?? []
  if (book.some((other) => other.entry !== entry && from < other.to - 50 && other.from < to - 50)) broken.add(room)
  books.set(room, to === 0 ? book : [...book, { entry, from, to }])
  response.end(JSON.stringify({ kept: !broken.has(room) }))
}).listen(Number(process.env.PORT))
