import type { Reporter } from '../../../../report/src/reporters/reporter.ts'

export const shout: Reporter = {
  name: 'shout',
  summary: 'the verdict in capital letters',
  end: (told) => told.map(({ findings }) => `${findings[0]?.verdict.toUpperCase()}!\n`).join(''),
}

export const grumpy: Reporter = {
  name: 'grumpy',
  summary: 'nothing but trouble',
  each() {
    throw new Error('I would rather not')
  },
}
