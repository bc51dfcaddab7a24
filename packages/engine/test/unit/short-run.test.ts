import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { lateOptimisation } from '../../src/short-run.ts'

describe('the flags that delay the optimising compiler', () => {
  test('the flags that delay the optimising compiler exist in the V8 of the running Node', () => {
    const { stdout } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })
    for (const flag of lateOptimisation(process.versions.v8)) {
      const [, name = ''] = /^--(?:no-)?([a-z-]+)(?:=\d+)?$/.exec(flag) ?? []
      expect(stdout).toMatch(new RegExp(`^  --${name} \\(`, 'm'))
    }
  })

  test.each([
    ['20', '11.3.244.8-node.38', '--interrupt-budget=1000000'],
    ['21', '11.8.172.17-node.20', '--invocation-count-for-turbofan=45000'],
    ['22', '12.4.254.21-node.57', '--invocation-count-for-turbofan=45000'],
    ['24', '13.6.233.17-node.53', '--invocation-count-for-turbofan=45000'],
  ])('the flags that delay the optimising compiler include the expected flag on Node %s', (_, v8, flag) => {
    expect(lateOptimisation(v8)).toContain(flag)
  })

  test('no flags delay the optimising compiler of an untested version of V8', () => {
    expect(lateOptimisation('99.1.2')).toEqual([])
  })
})
