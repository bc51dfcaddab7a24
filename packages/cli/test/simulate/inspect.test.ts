import { once } from 'node:events'
import { SourceMap } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { chaos, chaosHere, startChaos } from '../chaos.ts'
import { folderWith, RACING } from '../racing-register.ts'

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Json
  readonly result?: Json
}
// biome-ignore lint/suspicious/noExplicitAny: the protocol's own shapes.
type Json = any

/** A debugger: what Chrome's own sends and hears. */
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
  /** The next message of which this is so, also if it has come already. */
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
    /** The scripts that were heard of and that have not been asked for. */
    script: async (id: string): Promise<Json> =>
      (await next((message) => message.method === 'Debugger.scriptParsed' && message.params.scriptId === id)).params,
    close: () => socket.close(),
  }
}

/** Where a frame is in the file that the user wrote. */
function userPlace({ sourceMapURL }: Json, { lineNumber, columnNumber }: Json): { file: string; line: number } {
  const map = new SourceMap(JSON.parse(Buffer.from(sourceMapURL.split('base64,')[1], 'base64').toString()))
  const { originalSource, originalLine } = map.findEntry(lineNumber, columnNumber) as Json
  return { file: fileURLToPath(originalSource), line: originalLine + 1 }
}

const search = ['--nodes', '1', '--faults', 'none', '--clients', '4', '--workload-set', 'cas=0.5', '--keys', '1']

describe('chaos replay --inspect', () => {
  test('stops a debugger in the handler whose await is overtaken, and then plays the same history', async () => {
    const cwd = folderWith(RACING)
    const found = await chaos(['simulate', './server.ts', ...search, '--seeds', '16', '--workers', '1', '--json'], {
      cwd,
    })
    const [{ replay }] = JSON.parse(found.stdout).failures
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
    const { callFrames } = await debug.event('Debugger.paused')
    const [frame] = callFrames
    expect(userPlace(await debug.script(frame.location.scriptId), frame.location)).toEqual({
      file: join(cwd, 'server.ts'),
      // `const body = await bodyOf(request)`, the first line of the handler.
      line: 13,
    })
    const evaluate = async (expression: string): Promise<unknown> =>
      (await debug.ask('Debugger.evaluateOnCallFrame', { callFrameId: frame.callFrameId, expression })).result.value
    const [{ race }] = JSON.parse(found.stdout).failures
    expect(said).toContain(`culprit's request begins: cas x of ${race.overtaken.process}, on n1`)
    expect(await evaluate('request.method')).toBe('POST')
    await debug.ask('Debugger.resume')
    await debug.event('Runtime.executionContextDestroyed')
    debug.close()
    const { exitCode, stdout } = await finished
    expect(stdout).toContain('the same history as was recorded, to the byte')
    expect(exitCode).toBe(1)
  })

  const protocolReplay = join(import.meta.dirname, '../../../simulator/test/recorded/raft.replay')

  test('refuses the replay of a protocol, --real and --times', async () => {
    const { exitCode, stderr } = await chaosHere(['replay', protocolReplay, '--inspect'])
    expect(stderr).toMatch(/^--inspect: .*raft\.replay replays raft, which is not a Node program\./)
    expect(exitCode).toBe(3)
  })
})
