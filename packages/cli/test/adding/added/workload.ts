import { defineWorkload, type Extension } from 'chaosproxy'

/** Every client increments its own register, by one per operation. */
export const climb: Extension = defineWorkload({
  name: 'climb',
  summary: 'numbers that are only ever raised, by compare and set',
  model: 'register',
  initial: null,
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
})
