package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"peercert/config"
)

const composeFile = "docker-compose.yml"

// compose loads the file as "docker compose" would, on a machine without settings.
func compose(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, composeFile)}, cli.WithEnv(nil))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	return project
}

func TestComposeHasTheWholeTopology(t *testing.T) {
	require.ElementsMatch(t,
		[]string{"postgres", "temporal", "temporal-ui", "s3", "bucket", "mailbox", "migrate", "api", "worker"}, compose(t).ServiceNames())
}

// Whatever of ours is set there is a setting, and together they are settings that
// the program starts with.
func TestComposeSettingsAreSettings(t *testing.T) {
	known := map[string]bool{}
	for _, setting := range config.Table() {
		known[setting.Name] = true
	}
	for _, name := range regexp.MustCompile(`PEERCERT_[A-Z0-9_]+`).FindAllString(page(t, composeFile), -1) {
		require.True(t, known[name], "%s names %s, which is no setting", composeFile, name)
	}
	for _, service := range []string{"migrate", "api", "worker"} {
		t.Run(service, func(t *testing.T) {
			for name := range known {
				t.Setenv(name, "") // so that it is put back
				require.NoError(t, os.Unsetenv(name))
			}
			for name, value := range compose(t).Services[service].Environment {
				require.NotNil(t, value, "%s has no value", name)
				t.Setenv(name, *value)
			}
			settings, err := config.Read()
			require.NoError(t, err)
			require.Equal(t, config.Local, settings.Environment, "sample secrets are refused elsewhere")
		})
	}
}

var version = regexp.MustCompile(`:v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?$`)

func TestImagesHaveAVersion(t *testing.T) {
	for _, service := range compose(t).Services {
		if service.Build == nil {
			require.Regexp(t, version, service.Image, "the image of %s", service.Name)
		}
	}
	stages := map[string]bool{"scratch": true}
	for _, line := range strings.Split(page(t, "Dockerfile"), "\n") {
		if _, from, is := strings.Cut(line, "--from="); is {
			image, _, _ := strings.Cut(from, " ")
			require.True(t, stages[image] || version.MatchString(image), line)
		}
		if from, is := strings.CutPrefix(line, "FROM "); is {
			image, stage, _ := strings.Cut(from, " AS ")
			require.True(t, stages[image] || version.MatchString(image), line)
			stages[stage] = true
		}
	}
}

func TestComposeListensOnThisMachineOnly(t *testing.T) {
	taken := map[string]string{}
	for _, service := range compose(t).Services {
		for _, port := range service.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, "port %s of %s", port.Published, service.Name)
			require.Empty(t, taken[port.Published], "port %s of %s is taken", port.Published, service.Name)
			taken[port.Published] = service.Name
		}
	}
	require.NotEmpty(t, taken)
}

// A part that stays up can be asked how it is, and whoever waits for another waits
// until it answers or has done its work.
func TestComposeWaitsForWhatIsReady(t *testing.T) {
	project := compose(t)
	for _, service := range project.Services {
		if service.Restart == "unless-stopped" {
			require.NotNil(t, service.HealthCheck, service.Name)
			require.NotEmpty(t, service.HealthCheck.Test, service.Name)
		}
		for other, dependency := range service.DependsOn {
			if project.Services[other].Restart == "unless-stopped" {
				require.Equal(t, types.ServiceConditionHealthy, dependency.Condition, "%s waits for %s", service.Name, other)
			} else {
				require.Equal(t, types.ServiceConditionCompletedSuccessfully, dependency.Condition, "%s waits for %s", service.Name, other)
			}
		}
	}
}

func TestComposeHasOnlySampleSecrets(t *testing.T) {
	secret := regexp.MustCompile(`SECRET|PASSWORD|PWD|ACCESS_KEY|API_KEY`)
	for _, service := range compose(t).Services {
		for name, value := range service.Environment {
			if secret.MatchString(name) && value != nil {
				require.Contains(t, *value, config.SampleSecretPrefix, "%s of %s", name, service.Name)
			}
		}
	}
}

// State is in named volumes, so that "docker compose down" keeps it.
func TestComposeKeepsState(t *testing.T) {
	for _, name := range []string{"postgres", "s3", "mailbox"} {
		volumes := compose(t).Services[name].Volumes
		require.Len(t, volumes, 1)
		require.Equal(t, types.VolumeTypeVolume, volumes[0].Type)
		require.Equal(t, name, volumes[0].Source)
	}
}

func TestImageIsNotRoot(t *testing.T) {
	require.Regexp(t, `(?m)^USER [1-9]\d*:[1-9]\d*$`, page(t, "Dockerfile"))
}
