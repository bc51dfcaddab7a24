import { quote } from '@chaosproxy/faults'
import { ControlError } from '../errors.ts'
import type { FaultOrigin, NamedFault } from '../fault-board.ts'
import type { ControlPlane } from '../plane.ts'

/** Where each kind of fault is changed. */
const homes: { readonly [origin in FaultOrigin]: string } = {
  api: 'at /v1/faults',
  partition: 'at /v1/partitions',
  rules: 'by putting another rule set at /v1/rules',
  toxic: 'as a toxic of its proxy',
}

/** @throws ControlError (404), and (409) for what belongs to somebody else. */
export function ownFault(plane: ControlPlane, name: string, origin: FaultOrigin): NamedFault {
  const fault = plane.faults.get(name)
  if (fault.origin === origin) return fault
  throw new ControlError(409, `${quote(name)} is not changed here, but ${homes[fault.origin]}`)
}
