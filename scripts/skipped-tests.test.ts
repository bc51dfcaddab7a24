import { expect, test } from 'vitest'
import { sumsOfSkipped } from './skipped-tests.ts'

const nothing = () => false
const INSTALL = 'sudo bash scripts/install-servers.sh'

test('skipped tests are counted by the requirement that is stated in their note, title or file', () => {
  const source = "const redis = installed('redis-server')\ndescribe.skipIf(redis === undefined)('a queue', () => {})"
  const note = `needs redis-server: ${INSTALL}`
  const tests = [
    { name: 'a.test.ts › one', note, source: '' },
    { name: `b.test.ts › a Redis: ${note} › two`, source: '' },
    { name: 'c.test.ts › three', source },
    { name: 'd.test.ts › four', note: 'needs to mount a small disk, which takes root', source },
    { name: 'e.test.ts › labels are met (needs the corpus beside the project)', source: '' },
    { name: 'f.test.ts › five', source: '' },
  ]
  expect(sumsOfSkipped(tests, nothing)).toEqual([
    `3 need redis-server: ${INSTALL}`,
    '1 for reasons that their files state',
    '1 needs the corpus beside the project',
    '1 needs to mount a small disk, which takes root',
  ])
})

test('skipped tests that are too long for CI are counted under the note "left to the whole soak"', () => {
  const source = "test.skipIf(process.env['CHAOS_SOAK'] === 'short')('waits', () => {})"
  expect(sumsOfSkipped([{ name: 'a', source }], nothing)).toEqual(['1 left to the whole soak: npm run test:soak'])
})

test('the reason for a skipped test names only those programs of its file that are not installed', () => {
  const source = "installed('etcd')\ninstalled('etcdctl')\nfindProgram('curl')"
  expect(sumsOfSkipped([{ name: 'a', source }], (program) => program !== 'etcdctl')).toEqual([
    `1 needs etcdctl: ${INSTALL}`,
  ])
})
