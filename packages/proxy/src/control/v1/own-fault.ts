import { quote } from '@chaosproxy/faults'
import type { ControlPlane } from '../plane/plane.ts'
import { ControlError } from '../state/errors.ts'
import type { FaultOrigin, NamedFault } from '../state/fault-board.ts'

/** How faults of each origin are changed, for error messages. */
const homes: { readonly [origin in FaultOrigin]: string } = {
  api: 'at /v1/faults',
  partition: 'at /v1/partitions',
  rules: 'by putting another rule set at /v1/rules',
  toxic: 'as a toxic of its proxy',
}

/** @throws ControlError (404), (409) for a fault of another origin. */
export function ownFault(plane: ControlPlane, name: string, origin: FaultOrigin): NamedFault {
  const fault = plane.faults.get(name)
  if (fault.origin === origin) return fault
  throw new ControlError(409, `${quote(name)} is not changed here, but ${homes[fault.origin]}`)
}
