import type { Workload } from '../../../../workloads/src/workload.ts'

/** What its file would export: every client raises one register of its own by one at a time. */
export const climb: Workload = {
  name: 'climb',
  summary: 'numbers that are only ever raised, by compare and set',
  model: 'register',
  initial: null,
  levels: ['linearizable', 'sequential'],
  object: 'register',
  functions: ['read', 'cas'],
  reads: ['read'],
  settings: [{ name: 'step', summary: 'how far at a time', default: 1, min: 1, max: 100 }],
  create({ step }) {
    let clients = 0
    return {
      client() {
        const key = `k${++clients}`
        let height = 0
        let isUnsure = true
        return {
          next: () =>
            isUnsure
              ? { f: 'read', key, value: null }
              : { f: 'cas', key, value: [height === 0 ? null : height, height + Number(step)] },
          learned({ f, value }, completion) {
            isUnsure = completion.type !== 'ok'
            if (completion.type !== 'ok') return
            height = Number(f === 'read' ? completion.value : (value as readonly number[])[1])
          },
        }
      },
    }
  },
  finale: (keys) => keys.map((key) => ({ f: 'read', key, value: null })),
  vacuous: ({ functions }) => (functions.includes('cas') ? [] : ['nothing was raised']),
}
