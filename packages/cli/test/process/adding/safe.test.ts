import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chaos, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'

/** A folder whose configuration throws an error if it is executed. */
function trap(): string {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'chaos.config.mjs'), "throw new Error('the trap: extend')\n")
  writeFileSync(join(cwd, 'proxy.json'), '{"listeners": 1}')
  return cwd
}

const history = join(root, 'histories', 'stale-read.jsonl')

test.each([
  [['--version']],
  [['--help']],
  [['completion', 'bash']],
  [['convert', history, '--to', 'edn']],
  [['routes', '--help']],
  [['ctl', '--help']],
  [['page', '--help']],
  [['mcp', '--help']],
  [['mcp', '--help', '--no-allow-code']],
  [['mcp', '--help', '--allow-code=false']],
  [['proxy', '--config', 'proxy.json']],
])('chaos %j does not execute the configuration in its working directory', async (args) => {
  const { stderr, stdout } = await chaos(args, { cwd: trap() })
  expect(stderr + stdout).not.toContain('the trap')
})

test.each([[['check', history]], [['diff', history, history]], [['mcp', '--allow-code']]])(
  'chaos %j executes the configuration in its working directory',
  async (args) => {
    const { stderr, exitCode } = await chaos(args, { cwd: trap() })
    expect(stderr).toContain('the trap')
    expect(exitCode).toBe(3)
  },
)
