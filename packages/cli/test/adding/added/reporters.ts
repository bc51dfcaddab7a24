import { defineReporter, type Extension } from 'chaosproxy'

export const shout: Extension = defineReporter({
  name: 'shout',
  summary: 'the verdict in capital letters',
  report: (findings) => findings.map(({ verdict }) => `${verdict.toUpperCase()}!\n`).join(''),
})

export const numeric: Extension = defineReporter({
  name: 'numeric',
  summary: 'the number of findings',
  report: (findings) => findings.length as never,
})

export const grumpy: Extension = defineReporter({
  name: 'grumpy',
  summary: 'nothing but trouble',
  report() {
    throw new Error('I would rather not')
  },
})
