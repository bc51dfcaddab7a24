import { once } from 'node:events'
import { SourceMap } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { chaos, chaosHere, startChaos } from '../../../../testing/src/chaos.ts'
import { folderWith, RACING } from '../../../../testing/src/racing-register.ts'
import { shop } from '../../services/shop.ts'

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Json
  readonly result?: Json
}
// biome-ignore lint/suspicious/noExplicitAny: the protocol's own shapes.
type Json = any

/** Connects a debugger, which sends and receives the same messages as Chrome's debugger. */
async function attach(url: string) {
  const socket = new WebSocket(url)
  const heard: Message[] = []
  let awake = () => {}
  socket.on('message', (data) => {
    heard.push(JSON.parse(String(data)))
    awake()
  })
  await once(socket, 'open')
  let ids = 0
  const scripts = new Map<string, Json>()
  /** Returns the next message that satisfies `wanted`, even if it has already arrived. */
  const next = async (wanted: (message: Message) => boolean): Promise<Message> => {
    for (;;) {
      const place = heard.findIndex(wanted)
      const [found] = place < 0 ? [] : heard.splice(place, 1)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => {
        awake = resolve
      })
    }
  }
  return {
    event: async (method: string): Promise<Json> => (await next((message) => message.method === method)).params,
    async ask(method: string, params: object = {}): Promise<Json> {
      ids++
      const id = ids
      socket.send(JSON.stringify({ id, method, params }))
      return (await next((message) => message.id === id)).result
    },
    async script(id: string): Promise<Json> {
      const isIt = ({ method, params }: Message) => method === 'Debugger.scriptParsed' && params.scriptId === id
      const script = scripts.get(id) ?? (await next(isIt)).params
      scripts.set(id, script)
      return script
    },
    close: () => socket.close(),
  }
}

/** Returns the place of a frame in the user's source file. */
function userPlace({ sourceMapURL }: Json, { lineNumber, columnNumber }: Json): { file: string; line: number } {
  const map = new SourceMap(JSON.parse(Buffer.from(sourceMapURL.split('base64,')[1], 'base64').toString()))
  const { originalSource, originalLine } = map.findEntry(lineNumber, columnNumber) as Json
  return { file: fileURLToPath(originalSource), line: originalLine + 1 }
}

const search = ['--nodes', '1', '--faults', 'none', '--clients', '4', '--workload-set', 'cas=0.5', '--keys', '1']

/** Starts `chaos replay --inspect`. Returns its output, and a debugger attached to it. */
async function inspected(replay: string, cwd: string) {
  const args = ['replay', replay, '--program', './server.ts', '--inspect', '--inspect-port', '0']
  const { child, finished } = startChaos(args, { cwd })
  let said = ''
  const url = await new Promise<string>((resolve) => {
    child.stderr?.on('data', (chunk) => {
      said += chunk
      const [listening] = /ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/.exec(said) ?? []
      if (listening !== undefined && said.includes('Time stands still')) resolve(listening)
    })
  })
  const debug = await attach(url)
  await debug.ask('Runtime.enable')
  await debug.ask('Debugger.enable')
  await debug.ask('Runtime.runIfWaitingForDebugger')
  return {
    finished,
    said: () => said,
    /** Waits for the next stop. Returns its place in the user's source file, and the value of an expression there. */
    async stops(expression: string) {
      const { callFrames } = await debug.event('Debugger.paused')
      const [{ location, callFrameId }] = callFrames
      const place = userPlace(await debug.script(location.scriptId), location)
      const { result } = await debug.ask('Debugger.evaluateOnCallFrame', {
        ...{ callFrameId, expression, returnByValue: true },
      })
      return { ...place, value: result.value }
    },
    resume: () => debug.ask('Debugger.resume'),
    async ends() {
      await debug.event('Runtime.executionContextDestroyed')
      debug.close()
      return finished
    },
  }
}

describe('chaos replay --inspect', () => {
  test('chaos replay --inspect stops before and after the await in the race, and replays the recorded history', async () => {
    const cwd = folderWith(RACING)
    const args = ['simulate', './server.ts', ...search, '--seeds', '16', '--workers', '1', '--json']
    const found = await chaos(args, { cwd })
    const [{ replay, race }] = JSON.parse(found.stdout).failures
    const debug = await inspected(replay, cwd)
    expect(debug.said()).toContain(race.sentence)
    const file = join(cwd, 'server.ts')
    // The debugger stops at `await wait(2)`, and then at the next line.
    expect(await debug.stops('[request.method, now === from]')).toEqual({ file, line: 19, value: ['POST', true] })
    await debug.resume()
    const after = await debug.stops('(values.get(key) ?? null) === now')
    expect(after).toEqual({ file, line: 20, value: false })
    await debug.resume()
    const { exitCode, stdout } = await debug.ends()
    expect(stdout).toContain('the same history as was recorded, to the byte')
    expect(exitCode).toBe(1)
  })

  test('chaos replay --inspect stops at the await of the SQL statement in the race, and names the statement', async () => {
    const cwd = shop()
    const args = ['simulate', './server.ts', '--nodes', '2', '--faults', 'none', '--workload', 'counter']
    const database = ['--beside', 'pg=postgres', '--sql', 'schema.sql', '--workers', '1', '--seeds', '16']
    const found = await chaos([...args, ...database, '--shrink', '2s', '--json'], { cwd })
    const [{ replay, race }] = JSON.parse(found.stdout).failures
    const debug = await inspected(replay, cwd)
    const said = debug.said()
    expect(said).toMatch(/^ {2}server\.ts:\d+ .* awaited .*\n {2}(?:SELECT sold|UPDATE items)/m)
    const { sentence, overtaken } = race
    expect(said).toContain(sentence)
    const before = await debug.stops('item')
    expect(before).toEqual({ file: join(cwd, 'server.ts'), line: overtaken.lines[0], value: overtaken.key })
    await debug.resume()
    const after = await debug.stops('1')
    expect(after).toMatchObject({ file: before.file })
    expect(after.line).toBeGreaterThan(before.line)
    await debug.resume()
    expect((await debug.ends()).stdout).toContain('the same history as was recorded, to the byte')
  })

  const protocolReplay = join(import.meta.dirname, '../../../../simulator/test/recorded/raft.replay')

  test('chaos replay --inspect refuses the replay of a protocol', async () => {
    const { exitCode, stderr } = await chaosHere(['replay', protocolReplay, '--inspect'])
    expect(stderr).toMatch(/^--inspect: .*raft\.replay replays raft, which is not a Node program\./)
    expect(exitCode).toBe(3)
  })
})
