import { nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import type { Sign } from '../../src/played-story.ts'
import { laneRows } from '../../src/terminal/lane-rows.ts'
import { pageStyle } from '../../src/terminal/run-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'

const rowOf = (from: string, to: string, fate: Extract<Sign, { type: 'message' }>['fate']): string =>
  laneRows(['Ana', 'n1', 'n2', 'Ben'], pageStyle(plainStyle, { width: 100, unicode: true })).row({
    ...{ type: 'message', at: nanos(0), text: 'balance $10', from, to, fate },
  })

test('a message between nodes is drawn as an arrow with a text', () => {
  expect(rowOf('n1', 'n2', 'received')).toMatch(/├─+balance \$10─+▸│/)
  expect(rowOf('n2', 'n1', 'received')).toMatch(/│◂─+balance \$10─+┤/)
})

test('a message that did not arrive is drawn halfway, with a mark that does not cover its text', () => {
  for (const fate of ['held', 'lost'] as const)
    for (const [from, to] of [
      ['n1', 'n2'],
      ['n2', 'n1'],
    ] as const) {
      const row = rowOf(from, to, fate)
      expect(row).toContain(`balance $10, ${fate}`)
      expect(row.match(/╳/g)).toHaveLength(1)
    }
})
