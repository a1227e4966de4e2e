/** Runs `work` while holding `file`; `hold(pid)` names a child that must be over too before another process may enter. */
export function withLock<T>(
  file: string,
  work: (hold: (pid: number) => void) => T | Promise<T>,
  onWait?: (pid: number) => void,
): Promise<T>;
export function isAlive(pid: number): boolean;
