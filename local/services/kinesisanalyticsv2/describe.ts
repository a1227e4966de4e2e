import type { Application, Json, Operation, Snapshot } from "./application";

/** What AWS reports where ConfigurationType is DEFAULT. */
const CHECKPOINTS = { CheckpointingEnabled: true, CheckpointInterval: 60_000, MinPauseBetweenCheckpoints: 5000 };
const MONITORING = { MetricsLevel: "APPLICATION", LogLevel: "INFO" };
const PARALLELISM = { Parallelism: 1, ParallelismPerKPU: 1, AutoScalingEnabled: true };

/** `ApplicationDetail`. The request's configuration comes back in members named `...Description`. */
export function detail(application: Application): Json {
  return {
    ApplicationARN: application.arn,
    ApplicationName: application.name,
    ApplicationDescription: application.description,
    RuntimeEnvironment: application.runtime,
    ServiceExecutionRole: application.role,
    ApplicationStatus: application.status,
    ApplicationVersionId: application.version,
    ApplicationMode: application.mode,
    CreateTimestamp: application.created,
    LastUpdateTimestamp: application.updated,
    ConditionalToken: application.token,
    CloudWatchLoggingOptionDescriptions: application.logging,
    ApplicationMaintenanceConfigurationDescription: {
      ApplicationMaintenanceWindowStartTime: "03:00",
      ApplicationMaintenanceWindowEndTime: "11:00",
    },
    ApplicationConfigurationDescription: configuration(application),
  };
}

export function summary({ name, arn, status, version, runtime, mode }: Application): Json {
  return {
    ApplicationName: name,
    ApplicationARN: arn,
    ApplicationStatus: status,
    ApplicationVersionId: version,
    RuntimeEnvironment: runtime,
    ApplicationMode: mode,
  };
}

export function snapshotDetail({ runtime }: Application, snapshot: Snapshot): Json {
  return {
    SnapshotName: snapshot.name,
    SnapshotStatus: "READY",
    ApplicationVersionId: snapshot.version,
    SnapshotCreationTimestamp: snapshot.created,
    RuntimeEnvironment: runtime,
  };
}

export function operationDetail({ id, name, started, ended, status, error }: Operation): Json {
  return {
    Operation: name,
    OperationId: id,
    StartTime: started,
    EndTime: ended ?? started,
    OperationStatus: status,
    ...(error ? { OperationFailureDetails: { ErrorInfo: { ErrorString: error } } } : {}),
  };
}

function configuration({ configuration: given, run }: Application): Json {
  const groups = given.EnvironmentProperties?.PropertyGroups;
  return {
    ApplicationCodeConfigurationDescription:
      given.ApplicationCodeConfiguration && code(given.ApplicationCodeConfiguration),
    EnvironmentPropertyDescriptions: groups && { PropertyGroupDescriptions: groups },
    FlinkApplicationConfigurationDescription: flink(given.FlinkApplicationConfiguration ?? {}),
    ApplicationSnapshotConfigurationDescription: {
      SnapshotsEnabled: given.ApplicationSnapshotConfiguration?.SnapshotsEnabled ?? false,
    },
    ApplicationSystemRollbackConfigurationDescription: {
      RollbackEnabled: given.ApplicationSystemRollbackConfiguration?.RollbackEnabled ?? false,
    },
    RunConfigurationDescription: run && {
      ApplicationRestoreConfigurationDescription: run.ApplicationRestoreConfiguration ?? {
        ApplicationRestoreType: "RESTORE_FROM_LATEST_SNAPSHOT",
      },
      FlinkRunConfigurationDescription: run.FlinkRunConfiguration ?? { AllowNonRestoredState: false },
    },
  };
}

function code({ CodeContentType, CodeContent = {} }: Json): Json {
  return {
    CodeContentType,
    CodeContentDescription: {
      S3ApplicationCodeLocationDescription: CodeContent.S3ContentLocation,
      TextContent: CodeContent.TextContent,
    },
  };
}

function flink(given: Json): Json {
  const parallelism = withDefaults(given.ParallelismConfiguration, PARALLELISM);
  return {
    CheckpointConfigurationDescription: withDefaults(given.CheckpointConfiguration, CHECKPOINTS),
    MonitoringConfigurationDescription: withDefaults(given.MonitoringConfiguration, MONITORING),
    ParallelismConfigurationDescription: { ...parallelism, CurrentParallelism: parallelism.Parallelism },
  };
}

/** With ConfigurationType DEFAULT what is given beside it does not count. */
function withDefaults(given: Json, defaults: Json): Json {
  const type = given?.ConfigurationType ?? "DEFAULT";
  return { ...defaults, ...(type === "CUSTOM" ? given : {}), ConfigurationType: type };
}
