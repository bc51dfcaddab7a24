import { PACKAGE_NAME } from '@chaosproxy/targets/user-file'

/** The program of `chaos init --example simulate`, with a race across an await. */
const SERVER = `// Seats of a cinema. GET /seats/SEAT returns its holder; POST /seats/SEAT with {"from": HOLDER, "to": HOLDER} passes it
// on, from null if it is free; PUT /seats/SEAT with {"holder": HOLDER} is for the staff.
import { createServer, type IncomingMessage } from 'node:http'

const careful = process.env['BOOKING'] === 'careful'
const holders = new Map<string, unknown>()

/** A payment takes some time. */
const paid = () => new Promise<void>((resolve) => setTimeout(resolve, 3))

async function bodyOf(request: IncomingMessage): Promise<{ from?: unknown; to?: unknown; holder?: unknown }> {
  let body = ''
  for await (const chunk of request) body += chunk
  return JSON.parse(body === '' ? '{}' : body)
}

/** Whether the seat was passed on. */
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

const server = createServer(async (request, response) => {
  const seat = (request.url ?? '').slice('/seats/'.length)
  const { from, to, holder } = await bodyOf(request)
  if (request.method === 'PUT') holders.set(seat, holder)
  const isBooked = request.method !== 'POST' || (await book(seat, from, to))
  response.writeHead(isBooked ? 200 : 409).end(JSON.stringify({ holder: holders.get(seat) ?? null }))
})
server.listen(Number(process.env['PORT']))
`

const ROUTES = `{
  "initial": { "value": null },
  "routes": [
    { "request": "GET /seats/{key}", "f": "read", "result": "json.holder" },
    { "request": "PUT /seats/{key}", "f": "write", "value": "json.holder" },
    { "request": "POST /seats/{key}", "f": "cas", "value": ["json.from", "json.to"], "outcomes": { "409": "fail" } }
  ]
}
`

const CONFIG = `import { defineConfig } from '${PACKAGE_NAME}'

export default defineConfig({
  // chaos run starts a real process; with --sim, it runs in virtual time.
  target: 'service:booking',
  // Seats are in memory only, so that a kill would lose them.
  faults: [],
  workload: { name: 'register', settings: { cas: 0.5 } },
  services: {
    // npx chaos simulate booking: each node runs the program in virtual time. --env and --nodes override this entry.
    booking: { entry: './server.ts', environment: { BOOKING: 'hasty' }, nodes: 1 },
    careful: { entry: './server.ts', environment: { BOOKING: 'careful' }, nodes: 1 },
  },
})
`

export const SIMULATED_FILES: readonly (readonly [name: string, text: string])[] = [
  ['chaos.config.ts', CONFIG],
  ['server.ts', SERVER],
  ['routes.json', ROUTES],
]

const SEARCH = 'npx chaos simulate booking --seeds 64'

/** The text printed with the example: how to use it. */
export const SIMULATED_EXAMPLE: string = `Wrote ${SIMULATED_FILES.map(([name]) => name).join(', ')}: a booking service with a race.
Find it:       ${SEARCH}
Without it:    ${SEARCH.replace('booking', 'careful')}
For real:      npx chaos run
`
