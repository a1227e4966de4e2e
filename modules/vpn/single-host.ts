import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template";
import type { Subnet } from "@cdktf/provider-aws/lib/subnet";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";

/** The newest Amazon Linux 2023 when the host starts: https://docs.aws.amazon.com/linux/al2023/ug/ec2.html */
const IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
/** As the original: the same size of two makers, so that one or the other is to be had as a spot instance. */
const INSTANCE_TYPE = "t3.nano";
const SPOT_TYPES = ["t3.nano", "t3a.nano"];

export interface SingleHostProps {
  readonly name: string;
  readonly role: IamRole;
  readonly subnets: readonly Subnet[];
  readonly securityGroupId: string;
  readonly publicAddress: boolean;
  readonly spot: boolean;
  /** Base64; none when left out. */
  readonly userData?: string;
  readonly waitFor: readonly ITerraformDependable[];
}

/** One host that is started anew when it fails or is taken away: an auto scaling group of one. Metadata version 2 only, an encrypted volume, no key to log in with. */
export class SingleHost extends Construct {
  constructor(scope: Construct, id: string, props: SingleHostProps) {
    super(scope, id);
    const profile = new IamInstanceProfile(this, "profile", { name: props.name, role: props.role.name });
    const template = new LaunchTemplate(this, "template", {
      name: props.name,
      imageId: IMAGE,
      instanceType: INSTANCE_TYPE,
      updateDefaultVersion: true,
      ...(props.userData === undefined ? {} : { userData: props.userData }),
      iamInstanceProfile: { arn: profile.arn },
      // A container is one hop further, and so gets no credentials of the host.
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { encrypted: "true", volumeType: "gp3" } }],
      networkInterfaces: [
        {
          deviceIndex: 0,
          associatePublicIpAddress: String(props.publicAddress),
          deleteOnTermination: "true",
          securityGroups: [props.securityGroupId],
        },
      ],
      tagSpecifications: [{ resourceType: "instance", tags: { Name: props.name } }],
    });
    const of = { launchTemplateId: template.id, version: "$Latest" };
    new AutoscalingGroup(this, "group", {
      name: props.name,
      minSize: 1,
      maxSize: 1,
      desiredCapacity: 1,
      vpcZoneIdentifier: props.subnets.map((subnet) => subnet.id),
      ...(props.spot
        ? {
            mixedInstancesPolicy: {
              instancesDistribution: {
                onDemandBaseCapacity: 0,
                onDemandPercentageAboveBaseCapacity: 0,
                spotAllocationStrategy: "capacity-optimized",
              },
              launchTemplate: {
                launchTemplateSpecification: of,
                override: SPOT_TYPES.map((instanceType) => ({ instanceType })),
              },
            },
          }
        : { launchTemplate: { id: template.id, version: "$Latest" } }),
      tag: [{ key: "Name", value: props.name, propagateAtLaunch: true }],
      dependsOn: [...props.waitFor],
    });
  }
}
