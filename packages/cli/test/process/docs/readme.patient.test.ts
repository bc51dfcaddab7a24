import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { chaos, chaosHere, root, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { isPatient, patientTest, test } from '../../../../testing/src/patient.ts'
import { freePort, installed, startRedis, whySkipped } from '../../../../testing/src/servers.ts'
import { startProxy } from '../../proxy-process.ts'

// Runs every command of the README and the manuals, on free ports because other tests run on this machine. Commands
// that begin with npm are left out: they are the installation, or run this test. The soak runs each command for its
// full time; otherwise only the first of the slow commands is run.
const FIRST = 'npx chaos run'
const isQuick = (command: string): boolean => !/^npx chaos (fuzz|run|simulate|workloads)/.test(command)
/**
 * Matches commands that start no process, and need no other process. Does not match a command with a user's model,
 * because it needs the build.
 */
const isWithin = (command: string): boolean =>
  /^npx chaos (check|completion|ctl kinds|run --sim|targets|workloads)/.test(command) && !command.includes('--model')
const isRun = (command: string): boolean => isPatient || command === FIRST || isQuick(command)

/** Options that a quick test adds to a command. */
const hurry: { readonly [command: string]: readonly string[] } = isPatient ? {} : { [FIRST]: ['--time', '3s'] }

/** The ports that the README and its examples name. */
const PORTS = ['20080', '20081', '8474']

const readme = readFileSync(join(root, 'README.md'), 'utf8')
const docs = join(root, 'packages', 'cli', 'docs')
const manuals = readdirSync(docs)
  .filter((name) => name.endsWith('.md'))
  .map((name) => readFileSync(join(docs, name), 'utf8'))
const pages = [readme, ...manuals].join('\n')
/** A block that several pages show is run once. */
const blocks = [...new Set([...pages.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!))].map((block) =>
  block
    .trim()
    .split('\n')
    .flatMap((line) => line.split(' && ')),
)
const commands = blocks.flat()

const expectedExitCodes: { readonly [command: string]: number } = {
  // The verdict on one of these histories is unknown, because something outside the history changed the object.
  "npx chaos check 'histories/*.jsonl'": 2,
  'npx chaos check histories/transactions/on-call.jsonl --expect serializable': 1,
  'npx chaos run --sim --target primary-replica --seed 8 --time 5s --expect linearizable': 1,
  'npx chaos run --bug ack-before-majority --time 5s --expect linearizable': 1,
  'npx chaos fuzz --bug stale-read --seeds 400': 1,
  'npx chaos fuzz --protocol examples/mine.ts --seeds 100': 1,
  'npx chaos run --config examples/simulated-booking/chaos.config.ts --time 5s': 1,
  'npx chaos simulate examples/simulated-booking/server.ts --nodes 1 --env BOOKING=hasty --faults none --workload-set cas=0.5': 1,
  'npx chaos simulate hasty --config examples/simulated-shop/chaos.config.ts --seeds 20': 1,
  'npx chaos fuzz --workload lock --bug ack-before-majority --seeds 400': 1,
}

/** The failing trial in the manual's sample output of `chaos fuzz`. */
const [, sampleTrial = 'no sample'] = /^ {2}(seed \d+ \([\w-]+\))/m.exec(manuals.join('\n')) ?? []

/** Texts that the output of these commands must contain. In addition, every command must print some text. */
const expectedTexts: { readonly [command: string]: readonly RegExp[] } = {
  'npx chaos run': [/^ {2}LINEARIZABLE/m],
  'npx chaos fuzz --bug stale-read --seeds 400': [new RegExp(sampleTrial.replaceAll(/[()]/g, '\\$&'))],
  'npx chaos run --sim --target primary-replica --seed 8 --time 5s --expect linearizable': [
    /^ {2}NOT LINEARIZABLE/m,
    // Matches a stale read, or the sentence about it.
    /\bread [^.]* from\s+n\d/,
  ],
}

/** Splits a command as a shell does. A quoted glob is left for chaos to expand. */
const words = (command: string): string[] =>
  [...command.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''))

/** The `text` blocks of the pages that begin with a command of chaos. The commands need another running program. */
const shown = [...pages.matchAll(/```text\n(npx chaos [\s\S]*?)```/g)].map(([, block]) => block!.trim().split('\n'))

const block = (beginning: string): readonly string[] => {
  const found = shown.find(([first]) => first!.startsWith(beginning))
  if (found === undefined) throw new Error(`no page shows ${beginning}`)
  return found
}

/** Returns a function that replaces the ports in a text by free ports. */
async function freePorts(): Promise<(text: string) => string> {
  const free = await Promise.all(PORTS.map(freePort))
  return (text) => text.replaceAll(new RegExp(PORTS.join('|'), 'g'), (port) => String(free[PORTS.indexOf(port)]))
}

function copyTexts(from: string, to: string, change: (text: string) => string): void {
  mkdirSync(to)
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) copyTexts(source, target, change)
    else writeFileSync(target, change(readFileSync(source, 'utf8')))
  }
}

/** A service that stores the values of PUT requests. */
async function keepingService(): Promise<string> {
  const values = new Map<string, string>()
  const service = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.method === 'PUT') values.set(request.url!, body)
    response.end(values.get(request.url!))
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  onTestFinished(() => void service.close())
  return `127.0.0.1:${(service.address() as AddressInfo).port}`
}

describe('the README and the manuals', () => {
  test('the README and the manuals show only npm commands that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(commands.filter((command) => command.startsWith('npm '))).toEqual(['npm ci', 'npm test'])
    for (const [, name] of pages.matchAll(/`npm run ([a-z:]+)`/g)) expect(Object.keys(scripts)).toContain(name)
  })

  // The commands of one block run one after another in one directory.
  const sequences = blocks
    .map((block) => block.filter((command) => !command.startsWith('npm ') && isRun(command)))
    .filter((block) => (isPatient ? !block.every(isQuick) : block.length > 0))
  const testNow = isPatient ? patientTest : test
  testNow.each(sequences)('%s', async (...block) => {
    const cwd = temporaryDirectory()
    const onFreePorts = await freePorts()
    for (const directory of ['histories', 'node_modules']) symlinkSync(join(root, directory), join(cwd, directory))
    copyTexts(join(root, 'examples'), join(cwd, 'examples'), onFreePorts)
    for (const command of block) {
      expect(command).toMatch(/^npx chaos /)
      const typed = words(onFreePorts(command)).slice(2)
      // Without this option, the port would be Toxiproxy's default.
      if (typed.includes('--toxiproxy')) typed.splice(1, 0, '--control', onFreePorts('127.0.0.1:8474'))
      const run = isWithin(command) ? chaosHere : chaos
      const { exitCode, stdout, stderr } = await run([...typed, ...(hurry[command] ?? [])], { cwd })
      expect(exitCode, `${command}\n${stdout}\n${stderr}`).toBe(expectedExitCodes[command] ?? 0)
      for (const text of [/\S/, ...(expectedTexts[command] ?? [])]) expect(stdout, stderr).toMatch(text)
    }
  })

  patientTest('the README and the manuals show chaos ctl commands that work unchanged on a running proxy', async () => {
    const [service] = block('npx chaos proxy --listen 127.0.0.1:20081 ')
    const control = block('npx chaos ctl add latency ')
    const typed = words(service!).slice(3)
    expect([typed.slice(0, 4), control.length]).toEqual([
      ['--listen', '127.0.0.1:20081', '--upstream', '127.0.0.1:20080'],
      5,
    ])
    // Uses free ports, because other tests run on this machine.
    const { url } = await startProxy([
      '--listen',
      '127.0.0.1:0',
      '--upstream',
      await keepingService(),
      ...typed.slice(4),
    ])
    const [{ listen }] = (await (await fetch(`${url}/v1/proxies`)).json()) as [{ listen: string }]
    const put = (value: string) =>
      fetch(`http://${listen}/x`, { method: 'PUT', body: value }).then(
        () => 'answered',
        () => 'lost',
      )
    const env = { CHAOS_PROXY_URL: url }
    for (const command of control) {
      expect(command).toMatch(/^npx chaos ctl /)
      const { child, finished } = startChaos(words(command).slice(2), { env })
      if (command.endsWith(' watch')) {
        const saw = once(child.stdout!, 'data')
        let seen = false
        void saw.then(() => {
          seen = true
        })
        while (!seen) await put('watched')
        child.kill('SIGINT')
      }
      const { exitCode, stdout, stderr } = await finished
      expect({ command, exitCode, stderr }).toEqual({ command, exitCode: 0, stderr: '' })
      expect(stdout).toMatch(/\S/)
      if (command.includes('lose-reply'))
        expect([await put('1'), await put('2'), await put('3'), await put('4')]).toEqual([
          'answered',
          'answered',
          'lost',
          'answered',
        ])
    }
    expect(await (await fetch(`${url}/v1/faults`)).json()).toEqual([])
  })

  test('the README and the manuals show chaos ctl commands that add faults to SQL statements and gRPC calls', async () => {
    const cwd = temporaryDirectory()
    const upstream = await keepingService()
    const proxies = Object.entries({ db: 'postgresql', api: 'http2' }).map(([name, carries]) => ({
      ...{ name, carries, upstream, listen: '127.0.0.1:0' },
    }))
    writeFileSync(join(cwd, 'proxies.json'), JSON.stringify({ proxies }))
    const { url } = await startProxy(['--config', join(cwd, 'proxies.json')])
    const typed = block('npx chaos ctl add lose-reply db ')
    for (const command of typed) {
      const { exitCode, stdout, stderr } = await chaos(words(command).slice(2), { env: { CHAOS_PROXY_URL: url } })
      expect({ command, exitCode, stderr }).toEqual({ command, exitCode: 0, stderr: '' })
      expect(stdout).toMatch(/\S/)
    }
    expect(await (await fetch(`${url}/v1/faults`)).json()).toHaveLength(typed.length)
  })

  const redis = installed('redis-server')
  patientTest.skipIf(redis === undefined)(
    `show commands that record for days and check the recording, which both succeed${redis === undefined ? `: ${whySkipped('redis-server')}` : ''}`,
    async () => {
      const [first, second] = block('npx chaos proxy --listen 127.0.0.1:6380 ')
      const cwd = temporaryDirectory()
      const { port } = await startRedis(redis!)
      const typed = words(first!.replace('127.0.0.1:6380', '127.0.0.1:0').replace('6379', String(port))).slice(3)
      const out = typed.indexOf('--out') + 1
      const { url, child, finished } = await startProxy(typed.with(out, join(cwd, typed[out]!)))
      const [{ listen }] = (await (await fetch(`${url}/v1/proxies`)).json()) as [{ listen: string }]
      const client = connect(Number(listen.split(':').at(-1)), '127.0.0.1')
      client.write('SET x 1\r\nGET x\r\n')
      let answer = ''
      for await (const chunk of client) {
        answer += chunk
        if (answer.endsWith('$1\r\n1\r\n')) break
      }
      child.kill('SIGINT')
      await finished
      const { exitCode, stdout, stderr } = await chaosHere(words(second!).slice(2), { cwd })
      expect(exitCode, stdout + stderr).toBe(0)
      expect(stdout).toMatch(/^ {2}LINEARIZABLE/m)
    },
  )
})
