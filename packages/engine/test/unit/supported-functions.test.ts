import { findProtocol } from '@chaosproxy/protocols'
import { workloads } from '@chaosproxy/workloads'
import { expect, test } from 'vitest'
import { requireSupportedFunctions } from '../../src/search/supported-functions.ts'

const requiring = (name: string) => () =>
  requireSupportedFunctions({
    protocol: { ...findProtocol('quorum')!, objects: ['set'], functions: ['read', 'add'] },
    ...{ workload: workloads.find((each) => each.name === name)!, level: 'eventual', settings: {}, targetSettings: {} },
  })

test('if a service lacks a function of a workload, the refusal names a setting that leaves the function out', () => {
  expect(requiring('set')).toThrow(
    /does not support remove, which the workload set needs. --workload-set removes=0 leaves/,
  )
})

test('a workload that always needs acquire and release is refused if the service supports neither function', () => {
  expect(requiring('lock')).toThrow(/does not support acquire, release, which the workload lock needs. List in its/)
})
