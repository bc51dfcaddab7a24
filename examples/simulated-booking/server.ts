// Seats of a cinema. GET /seats/SEAT returns its holder, or null. POST /seats/SEAT with {"from": HOLDER, "to": HOLDER}
// passes it on; `from` is null for a free seat. The staff use PUT /seats/SEAT with {"holder": HOLDER}.
import express from 'express'

const careful = process.env['BOOKING'] === 'careful'
const holders = new Map<string, unknown>()

/** A payment takes some time. */
const paid = () => new Promise<void>((resolve) => setTimeout(resolve, 3))

/** Returns whether the seat was given to `to`. */
async function book(seat: string, from: unknown, to: unknown): Promise<boolean> {
  if (careful) {
    await paid()
    // There is no await between the check and the change.
    if ((holders.get(seat) ?? null) !== from) return false
    holders.set(seat, to)
    return true
  }
  const holder = holders.get(seat) ?? null
  await paid()
  if (holder !== from) return false
  holders.set(seat, to)
  return true
}

const app = express()
app.use(express.json())

app.get('/seats/:seat', (request, response) => {
  response.json({ holder: holders.get(request.params.seat) ?? null })
})

app.put('/seats/:seat', (request, response) => {
  holders.set(request.params.seat, request.body.holder)
  response.json({ holder: request.body.holder })
})

app.post('/seats/:seat', async (request, response) => {
  const { from, to } = request.body
  const isBooked = await book(request.params.seat, from, to)
  response.status(isBooked ? 200 : 409).json({ holder: holders.get(request.params.seat) ?? null })
})

app.listen(Number(process.env['PORT']))
