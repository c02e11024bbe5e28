/** The part of `process` that closing on a signal needs; a test gives its own. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
}

const EXIT_OF_SIGNAL: Readonly<Partial<Record<NodeJS.Signals, number>>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * Ends the process in order at the first of the signals: `close()`, then exit with 0, or with 1 if `close` says that something was left
 * undone or fails. A second signal ends the process at once with the code of the signal (128 + its number). Disposing of the result
 * takes the listeners away.
 */
export const closeOnSignals = (
  source: SignalSource,
  signals: readonly NodeJS.Signals[],
  close: () => Promise<{ readonly complete: boolean }>,
): Disposable => {
  let closing = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (closing) {
      source.exit(EXIT_OF_SIGNAL[signal] ?? 1);
      return;
    }
    closing = true;
    close().then(
      (report) => source.exit(report.complete ? 0 : 1),
      (error: unknown) => {
        process.emitWarning(error instanceof Error ? error : String(error));
        source.exit(1);
      },
    );
  };
  for (const signal of signals) source.on(signal, onSignal);
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) source.off(signal, onSignal);
    },
  };
};
