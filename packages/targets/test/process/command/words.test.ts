import { expect, test } from 'vitest'
import { quotedWord, wordsOf } from '../../../src/command/words.ts'

test.each([[['./node', '--port', '80']], [['./my node', 'a "b" \'c\'', '']], [['"', "'", '"\'']]])(
  'wordsOf restores the words that quotedWord has quoted: %j',
  (words) => {
    expect(wordsOf(words.map(quotedWord).join(' '), 'here')).toEqual(words)
  },
)
