export { StateMachine, type StateMachineProps, type States } from "./state-machine";
