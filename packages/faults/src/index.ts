export { describeFault } from './describe.ts'
export type { DatagramFault } from './families/datagram.ts'
export { datagramFamily } from './families/datagram.ts'
export type { HttpFault, HttpMatch } from './families/http.ts'
export { actsOnReplies, httpFamily } from './families/http.ts'
export type { Http2Fault } from './families/http2.ts'
export { http2Family } from './families/http2.ts'
export type { MessageFault, MessageMatch } from './families/message.ts'
export { messageFamily } from './families/message.ts'
export type { NodeEffect, NodeFault } from './families/node.ts'
export type { CutMode, TcpFault, TcpHarm } from './families/tcp.ts'
export { tcpFamily } from './families/tcp.ts'
export type { FaultFamily } from './family.ts'
export { forge } from './forgery.ts'
export { geographies } from './geography.ts'
export { http2Codes } from './http2-codes.ts'
export type { Endpoint, Link, NodeId } from './link.ts'
export { linkName, linksBetween, nodeNames, parseLink } from './link.ts'
export type { Nemesis, Traffic } from './nemeses/nemesis.ts'
export { nemeses } from './nemeses/registry.ts'
export { clientLinks, nemesisIn } from './nemeses/traffic.ts'
export type { DefaultedParameter, OptionalParameter, Parameter, ParameterSchema, Parameters } from './parameter.ts'
export { choice, flag, ms, optional, or, parametersOf, text, wholeNumber } from './parameter.ts'
export { printFault, printMembers } from './print-fault.ts'
export type { Random } from './random.ts'
export { createRandom } from './random.ts'
export { quote, readObject, readParameters } from './read-parameters.ts'
export type { Fault, FaultKind, TrafficFault } from './registry.ts'
export {
  familyOf,
  faultDefinitions,
  faultKinds,
  parseFault,
  parseTrafficFault,
  trafficFamilies,
  trafficFaultKinds,
} from './registry.ts'
export type { FaultChoice } from './schedule/fault-choice.ts'
export { nameOfChoice } from './schedule/fault-choice.ts'
export { parseSchedule, printSchedule } from './schedule/parse-schedule.ts'
export { planSchedule } from './schedule/plan-schedule.ts'
export { isResolved, resolveFault, type Situation } from './schedule/resolve.ts'
export type { FaultPlan, Schedule, ScheduledFault } from './schedule/schedule.ts'
export { Trigger } from './trigger.ts'
