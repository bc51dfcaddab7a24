import { expect, test } from 'vitest'
import { withoutMaelstrom } from '../../../src/arguments/maelstrom.ts'

const PROGRAM = ['run', '--target', 'maelstrom', '--bin', './node']

/**
 * Translates a command line of `chaos run` in Maelstrom's style. Returns the words of the translation after `--target
 * TARGET`.
 */
const renamed = async (...typed: readonly string[]): Promise<string> => {
  const words = await withoutMaelstrom([...PROGRAM, ...typed])
  expect(words.slice(0, 3)).toEqual(['run', '--target', 'maelstrom:broadcast:./node'])
  return words.slice(3).join(' ')
}

test.each([
  ['--node-count 3 --time-limit 20', '--nodes 3 --time 20s'],
  ['--nodes n1,n2,n3', '--nodes 3'],
  ['--node-count 3 --concurrency 4n', '--nodes 3 --clients 12'],
  ['--concurrency 2n', '--clients 10'],
  ['--nemesis kill --latency 100 --topology tree4', '--faults kill --set latency=100 --set topology=tree4'],
  ['--nemesis partition --rate 10', '--rate 10'],
  ['--availability total', '--require availability >= 100%'],
  ['--availability=0.95', '--require availability >= 95%'],
  ['--consistency-models read-uncommitted', '--expect read-uncommitted'],
  ['--max-txn-length 2 --test-count 3', '--workload-set steps=2 --times 3'],
  ['--log-stderr --rate 10', '--rate 10'],
  ['--key-count 4 --latency-dist constant', '--keys 4 --set latency-dist=constant'],
  ['--time-limit 2.5', '--time 2.5s'],
])('chaos run accepts the options of Maelstrom: %s', async (typed, ours) => {
  expect(await renamed('-w', 'broadcast', ...typed.split(' '))).toBe(ours)
})

test.each([
  ['--consistency-models read-committed,serializable', 'a run is checked at a single level. Give one'],
  ['--nemesis-interval 10', 'the seed and the duration of the run decide when faults begin'],
  ['--latency-dist exponential', 'give uniform (from 0 to twice --latency) or constant'],
  ['--availability most', 'give total, or a share from 0 to 1'],
])('chaos run refuses an option of Maelstrom without an equivalent, with a remedy: %s', async (typed, message) => {
  await expect(renamed('-w', 'broadcast', ...typed.split(' '))).rejects.toThrow(message)
})

test.each([
  ["another's program with arguments", ['--', '--port', '80', 'a b'], './node --port 80 "a b"'],
  ['a file of this directory', [], './package.json', 'package.json'],
])('chaos run accepts the program in the notation of Maelstrom: %s', async (_, rest, command, bin = './node') => {
  const words = await withoutMaelstrom(['run', '--target', 'maelstrom', '--bin', bin, '-w', 'echo', ...rest])
  expect(words).toEqual(['run', '--target', `maelstrom:echo:${command}`])
})

test('withoutMaelstrom() leaves the command lines of other targets unchanged', async () => {
  const words = ['run', '--target', 'raft', '--nodes', '3', '--faults', 'partition']
  expect(await withoutMaelstrom(words)).toEqual(words)
})
