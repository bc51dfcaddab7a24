import type { ErrorMeaning } from '@chaosproxy/history'
import { eachMeans } from '@chaosproxy/targets/database'

/** The names of ZooKeeper 3.8's error codes: https://zookeeper.apache.org/doc/r3.8.0/apidocs/zookeeper-server/ */
const NAMES: { readonly [code: number]: string } = {
  [-1]: 'SystemError',
  [-2]: 'RuntimeInconsistency',
  [-4]: 'ConnectionLoss',
  [-5]: 'MarshallingError',
  [-6]: 'Unimplemented',
  [-7]: 'OperationTimeout',
  [-8]: 'BadArguments',
  [-101]: 'NoNode',
  [-102]: 'NoAuth',
  [-103]: 'BadVersion',
  [-110]: 'NodeExists',
  [-112]: 'SessionExpired',
  [-114]: 'InvalidACL',
  [-115]: 'AuthFailed',
  [-118]: 'SessionMoved',
  [-119]: 'NotReadOnly',
  [-122]: 'RequestTimeout',
  [-127]: 'ThrottledOp',
}

/** The errors with a definite outcome. Any other error is `info`. */
export const zookeeperErrors: readonly ErrorMeaning[] = [
  { texts: ['NoNode'], means: 'fail', why: 'there was nothing to change' },
  { texts: ['BadVersion'], means: 'fail', why: 'another version was there' },
  { texts: ['NodeExists'], means: 'fail', why: 'another client had created the znode' },
  ...eachMeans('fail', 'refused before it is proposed', ['BadArguments', 'Unimplemented', 'MarshallingError']),
  ...eachMeans('fail', 'refused by the leader, which orders changes', [
    'NoAuth',
    'InvalidACL',
    'SessionExpired',
    'SessionMoved',
  ]),
  { texts: ['ThrottledOp'], means: 'fail', why: 'refused before it is proposed' },
]

/** Returns an error's text, such as `-101 NoNode`. */
export const errorText = (code: number): string => `${code} ${NAMES[code] ?? 'unknown'}`
