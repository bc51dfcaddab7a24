import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { pageWidth } from '../src/terminal/style.ts'
import { root } from './chaos.ts'

/** What a program of its own says on stderr, and who listens to its signals, while it reports on a terminal so wide. */
function onTerminal(columns: number) {
  const program = `
    const nothing = () => true
    Object.assign(process.stderr, { isTTY: true, columns: ${columns}, cursorTo: nothing, clearLine: nothing })
    const { createProgress } = await import('./packages/cli/dist/terminal/progress.js')
    const progress = createProgress({ quiet: false })
    progress.update('reading history.jsonl')
    console.log(process.listenerCount('SIGINT'))
    progress.stop()`
  const { CI: _, ...env } = process.env
  const options = { cwd: root, env, encoding: 'utf8', timeout: 10_000 } as const
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], options)
  return { listeners: Number(stdout), stderr }
}

describe('progress', () => {
  test('on a terminal that does not say how wide it is is plain lines, and pages have the usual width', () => {
    expect(onTerminal(0).stderr).toBe('  reading history.jsonl\n')
    expect([0, 60, 200].map((columns) => pageWidth({ columns }))).toEqual([110, 60, 110])
  })

  test('leaves signals alone: while the checker works nobody hears one, and Ctrl-C must end the program', () => {
    const { listeners, stderr } = onTerminal(80)
    expect(stderr).toContain('reading history.jsonl')
    expect(listeners).toBe(0)
  })
})
