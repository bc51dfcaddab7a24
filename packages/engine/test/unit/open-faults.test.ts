import { historyFromObjects } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { judgeHistory, USUAL_CHECK } from '../../src/check/judged.ts'

const task = { file: 'h.jsonl', settings: USUAL_CHECK, alone: true, again: '', reportFile: undefined }

function warningsWith(...faults: readonly { readonly f: string; readonly time: number }[]): readonly string[] {
  const at = (time: number, event: object) => ({ process: 0, key: 'x', time: time * 1e6, ...event })
  const read = { process: 1, f: 'read' }
  const history = historyFromObjects(
    [
      at(1, { type: 'invoke', f: 'write', value: 1 }),
      at(2, { type: 'ok', f: 'write', value: 1 }),
      ...faults.map(({ f, time }) => ({
        process: 'nemesis',
        type: 'info',
        f,
        time: time * 1e6,
        value: { nodes: ['n1'] },
      })),
      at(7, { ...read, type: 'invoke', final: true }),
      at(8, { ...read, type: 'ok', value: null }),
    ].toSorted((a, b) => a.time - b.time) as never,
  )
  return judgeHistory(task, { history, parseMs: 0 }).history.warnings
}

test('a history causes a warning if a fault does not end before the final reads', () => {
  expect(warningsWith({ f: 'isolate', time: 3 })).toEqual([
    'h.jsonl: final reads were made under isolate n1, and the history does not show the end of this fault. Levels of final reads apply to the time after all faults. Record the end of the fault, or do not mark these reads as final.',
  ])
  expect(warningsWith({ f: 'isolate', time: 3 }, { f: 'heal', time: 4 })).toEqual([])
  expect(warningsWith({ f: 'isolate', time: 9 })).toEqual([])
  expect(warningsWith()).toEqual([])
})
