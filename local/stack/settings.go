package stack

import (
	"fmt"
	"reflect"

	"peercert/config"
)

// Bucket and namespace of the product on this stack.
const (
	bucket    = "peercert"
	namespace = "peercert"
)

// settingsOn are the settings of the environment with every address of this
// stack in place of the ones there.
func settingsOn(ports Ports, database string) (config.Settings, error) {
	settings, err := config.Read()
	if err != nil {
		return config.Settings{}, err
	}
	settings.Environment = config.Local
	settings.Listen = loopback(ports.API)
	settings.Operations = loopback(ports.Operations)
	settings.PublicURL = "http://" + loopback(ports.API)
	settings.DatabaseURL = database
	settings.TemporalAddress = loopback(ports.Temporal)
	settings.TemporalNamespace = namespace
	settings.TemporalAPIKey, settings.TemporalTLS = "", false
	settings.TemporalUI = "http://" + loopback(ports.TemporalUI)
	settings.S3Endpoint = "http://" + loopback(ports.S3)
	settings.S3Region, settings.S3Bucket = s3Region, bucket
	settings.S3AccessKey, settings.S3SecretKey = s3AccessKey, s3SecretKey
	settings.StripeURL = "http://" + loopback(ports.Payment)
	settings.MailAddress = loopback(ports.SMTP)
	settings.MailUsername, settings.MailPassword, settings.MailTLS = "", "", false
	settings.ExamBookingURL = "http://" + loopback(ports.Exam) + "/book"
	settings.StaffIssuer = "http://" + loopback(ports.Identity)
	settings.StaffClientID, settings.StaffClientSecret, settings.StaffRolesClaim = "peercert-console", "sample-staff-client-secret", "roles"
	return settings, settings.Check()
}

// environment writes settings as the variables that config.Read takes them from.
func environment(settings config.Settings) []string {
	var env []string
	value := reflect.ValueOf(settings)
	for i := range value.NumField() {
		if name := value.Type().Field(i).Tag.Get("env"); name != "" {
			env = append(env, fmt.Sprintf("%s=%v", name, value.Field(i).Interface()))
		}
	}
	return env
}
