import { expect, test } from 'vitest'
import { plainObjects } from '../objects.ts'
import { workloadsOfObjects } from '../of-objects.ts'
import { judged, play } from '../play.ts'

const OPERATIONS = 4_000

test.each(workloadsOfObjects.map((workload) => [workload.name, workload] as const))(
  'a long run of %s with its usual settings is linearizable, even with unknown outcomes',
  (name, workload) => {
    const object = plainObjects[name]!()
    const history = play(workload, object, { seed: 3, clients: 20, operations: OPERATIONS, unknown: 0.002 })
    expect(judged(workload, history).levels.linearizable.result).toBe('met')
  },
)
