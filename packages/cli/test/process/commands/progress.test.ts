import { spawnSync } from 'node:child_process'
import { describe, expect, test, vi } from 'vitest'
import { root } from '../../../../testing/src/chaos.ts'
import { pageWidth, wantsColours } from '../../../src/terminal/page-width.ts'
import { createProgress } from '../../../src/terminal/progress.ts'
import { styleFor } from '../../../src/terminal/style.ts'

/**
 * Returns what a separate program prints on stderr, and which signals it listens to, while it shows progress on a
 * terminal of this width.
 */
function onTerminal(columns: number, set: NodeJS.ProcessEnv = {}) {
  const program = `
    const nothing = () => true
    Object.assign(process.stderr, { isTTY: true, columns: ${columns}, cursorTo: nothing, clearLine: nothing })
    const { createProgress } = await import('./packages/cli/dist/terminal/progress.js')
    const progress = await createProgress({ quiet: false })
    progress.update('reading history.jsonl', 'about 2 min left')
    console.log(process.listenerCount('SIGINT'))
    progress.stop()`
  const { CI: _, NO_COLOR: __, FORCE_COLOR: ___, ...env } = process.env
  const options = { cwd: root, env: { ...env, TERM: 'xterm', ...set }, encoding: 'utf8', timeout: 60_000 } as const
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], options)
  return { listeners: Number(stdout), stderr }
}

describe('the progress output', () => {
  test('without a known terminal width, progress is printed as plain lines, and pages are 110 columns wide', () => {
    expect(onTerminal(0).stderr).toBe('  reading history.jsonl\n')
    expect([0, 60, 200].map((columns) => pageWidth({ columns }))).toEqual([110, 60, 110])
  })

  test.each([{ TERM: 'dumb' }, { FORCE_COLOR: '0' }, { NO_COLOR: '1' }])(
    'progress is printed as plain lines on a terminal with the environment %o',
    (set) => expect(onTerminal(80, set).stderr).toBe('  reading history.jsonl\n'),
  )

  test('progress is animated on a terminal, without signal handlers that would delay Ctrl-C', () => {
    const { listeners, stderr } = onTerminal(80)
    expect(stderr).toContain('reading history.jsonl, about 2 min left')
    expect(listeners).toBe(0)
  })

  test('progress in CI is a line every few seconds, or every minute while nothing changes', async () => {
    const now = vi.spyOn(performance, 'now')
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    vi.stubEnv('CI', 'true')
    try {
      const progress = await createProgress({ quiet: false })
      for (let second = 0; second <= 130; second++) {
        now.mockReturnValue(second * 1000)
        progress.update(second < 10 ? `read ${second}` : 'waiting')
      }
      const lines = write.mock.calls.map(([text]) => String(text).trim())
      expect(lines).toEqual(['read 0', 'read 5', 'waiting', 'waiting', 'waiting'])
    } finally {
      for (const spy of [now, write]) spy.mockRestore()
      vi.unstubAllEnvs()
    }
  })
})

describe('the colour of the output', () => {
  const terminal = { isTTY: true }
  const file = { isTTY: false }

  test.each([
    [terminal, {}, true],
    [file, {}, false],
    [terminal, { TERM: 'dumb' }, false],
    [terminal, { NO_COLOR: '1' }, false],
    [terminal, { NO_COLOR: '' }, true],
    [terminal, { FORCE_COLOR: '0' }, false],
    [terminal, { FORCE_COLOR: 'false' }, false],
    [file, { FORCE_COLOR: '1' }, true],
    [file, { FORCE_COLOR: '' }, true],
    [terminal, { TERM: 'dumb', FORCE_COLOR: '1' }, true],
    [terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ])('colours depend on the stream %o and the environment %o (enabled: %s)', (stream, set, expected) => {
    for (const name of ['TERM', 'NO_COLOR', 'FORCE_COLOR']) vi.stubEnv(name, undefined)
    for (const [name, value] of Object.entries(set)) vi.stubEnv(name, value)
    expect(wantsColours(stream as NodeJS.WriteStream)).toBe(expected)
    expect(styleFor(stream as NodeJS.WriteStream).bold('x') !== 'x').toBe(expected)
    vi.unstubAllEnvs()
  })
})
