import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bin, root, startProcess, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { freePort, installed } from '../../../../testing/src/servers.ts'
import { until } from '../../processes.ts'

/** One client writes a key while another reads it. */
const eventsOf = (key: string): string =>
  [
    { process: 0, type: 'invoke', f: 'write', key, value: 1 },
    { process: 1, type: 'invoke', f: 'read', key, value: null },
    { process: 0, type: 'ok', f: 'write', key, value: 1 },
    { process: 1, type: 'ok', f: 'read', key, value: 1 },
  ]
    .map((event) => JSON.stringify(event))
    .join('\n')

test.skipIf(installed('redis-server') === undefined)(
  'the three commands in the manual move a search from one laptop to a queue',
  async () => {
    const page = readFileSync(join(root, 'packages', 'cli', 'docs', 'past-one-machine.md'), 'utf8')
    const [, commands = ''] = /```bash\n(redis-server [\s\S]*?)```/.exec(page) ?? []
    const port = String(await freePort())
    const cwd = temporaryDirectory()
    const [redis, worker, fuzz] = commands.trim().split('\n')
    const begin = (command = '') => {
      const [program = '', ...words] = command
        .replaceAll('6379', port)
        .replace('npx chaos', `${process.execPath} ${bin}`)
        .split(' ')
      const { child, finished } = startProcess(program, words, { cwd })
      let printed = ''
      child.stdout?.on('data', (chunk) => {
        printed += chunk
      })
      return { finished, until: (text: string) => until(() => printed.includes(text)) }
    }
    await begin(redis).until('Ready to accept connections')
    await begin(worker).until('Joined the queue at')
    const { exitCode, stdout } = await begin(fuzz).finished
    expect(stdout).toContain('NOT LINEARIZABLE')
    expect(exitCode).toBe(1)
    const [, check = ''] = /```bash\n(npx chaos check [^\n]*)\n```/.exec(page) ?? []
    mkdirSync(join(cwd, 'recording'))
    for (const [n, key] of ['x', 'y'].entries()) writeFileSync(join(cwd, 'recording', `part-${n}.jsonl`), eventsOf(key))
    const checked = await begin(check).finished
    expect(checked.stdout).toMatch(/LINEARIZABLE +recording · register · 4 operations/)
    expect(checked.exitCode).toBe(0)
  },
)
