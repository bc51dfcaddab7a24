export { type FailedOrder, judgingOf, type ProvedOrders, proveOrders } from './orders.ts'
export { type ProvedLevel, prove } from './prove.ts'
