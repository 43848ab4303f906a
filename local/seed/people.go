package seed

import (
	"hash/fnv"
	"strings"

	"peercert/certification"
)

// person is somebody who does not exist.
type person struct {
	id          string // names the person in logs and keys: a handle, not a name
	first, last string
	language    string // "en" or "es"
	county      string
	city, zip   string
	born        certification.Date
	experience  string // as the application asks for it
	about       string // one line for who looks at the persona
	story       func(*life)
	// ends is the stage to which the story leads.
	ends certification.Stage
}

// email is an address that can belong to nobody (RFC 2606).
func (p person) email() string { return strings.ReplaceAll(p.id, "_", ".") + "@people.example" }

// shade makes the picture of each person another one.
func (p person) shade() uint8 {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(p.id))
	return uint8(sum.Sum32())
}

// places gives some counties a city, so that addresses look like addresses.
var places = map[string][2]string{
	"Alameda": {"Oakland", "94612"}, "Fresno": {"Fresno", "93721"}, "Humboldt": {"Eureka", "95501"},
	"Kern": {"Bakersfield", "93301"}, "Los Angeles": {"Los Angeles", "90012"}, "Sacramento": {"Sacramento", "95814"},
	"San Diego": {"San Diego", "92101"}, "Santa Clara": {"San Jose", "95113"}, "Tulare": {"Visalia", "93291"},
	"Shasta": {"Redding", "96001"}, "Monterey": {"Salinas", "93901"}, "San Francisco": {"San Francisco", "94102"},
}

// people are the made-up people, at least one at every stage.
func people() []person {
	list := []person{
		{id: "ines_duarte", first: "Inés", last: "Duarte", language: "es", county: "Tulare", ends: certification.StageIntroVideo,
			about: "Registered four days ago, watched two chapters of five, was reminded.", story: watchesSome},
		{id: "tomasz_bright", first: "Tomasz", last: "Bright", county: "Kern", ends: certification.StageApplication,
			about: "Has a half-filled application that was left lying; two reminders went out.", story: leavesDraft},
		{id: "odessa_wynn", first: "Odessa", last: "Wynn", county: "Los Angeles", ends: certification.StageApplicationFee,
			about: "Handed in, opened the payment page, never paid: the page expired.", story: doesNotPay},
		{id: "khalil_banner", first: "Khalil", last: "Banner", county: "Alameda", ends: certification.StageApplicationReview,
			about: "Has waited for a reviewer for three days; nobody has claimed the review.", story: reviewFor(3)},
		{id: "rosa_ibarra", first: "Rosa", last: "Ibarra", language: "es", county: "Monterey", ends: certification.StageApplicationReview,
			about: "Under review; reviewer r-01 has claimed it.", story: reviewFor(6, reviewer1)},
		{id: "delphine_okoro", first: "Delphine", last: "Okoro", county: "Sacramento", ends: certification.StageApplicationReview,
			about: "OVERDUE: our decision was due three days ago. Asks for attention: review.", story: reviewFor(17)},
		{id: "yusuf_lindgren", first: "Yusuf", last: "Lindgren", county: "San Diego", ends: certification.StageApplicationReview,
			about: "Trained first: one review decides application and training; r-02 has claimed it.", story: trainedFirst},
		{id: "marisol_pena", first: "Marisol", last: "Peña", language: "es", county: "Fresno", ends: certification.StageApplicationReturned,
			about: "NEAR A DEADLINE: returned with two reasons, the last day to answer is tomorrow.", story: returnedFor(29)},
		{id: "bao_nguyen", first: "Bao", last: "Nguyễn", county: "Santa Clara", ends: certification.StageApplicationReturned,
			about: "Returned five days ago for the ID and the diploma. The review clock stands still.", story: returnedFor(5)},
		{id: "winnie_castellan", first: "Winnie", last: "Castellan", county: "Shasta", ends: certification.StageTraining,
			about: "Approved almost a year ago and not trained: the window closes in three weeks.", story: dallies},
		{id: "amos_ferreira", first: "Amos", last: "Ferreira", county: "Alameda", ends: certification.StageTraining,
			about: "ON HOLD for three days, by administrator a-01.", story: putOnHold},
		{id: "noor_haddad", first: "Noor", last: "Haddad", county: "San Diego", ends: certification.StageTrainingReview,
			about: "Training certificate under review; r-02 has claimed it.", story: trainingReviewed},
		{id: "clyde_ramirez", first: "Clyde", last: "Ramirez", language: "es", county: "Los Angeles", ends: certification.StageTrainingReturned,
			about: "Training certificate returned: it cannot be read.", story: trainingReturned},
		{id: "petra_vance", first: "Petra", last: "Vance", county: "Humboldt", ends: certification.StageExamFee,
			about: "Training accepted; the first exam fee is due.", story: examFeeDue},
		{id: "leon_abara", first: "Leon", last: "Abara", county: "Sacramento", ends: certification.StageExamFee,
			about: "Did not pass the first exam; can pay for a retake.", story: failedOnce},
		{id: "gita_morrow", first: "Gita", last: "Morrow", county: "San Francisco", ends: certification.StageExamBooking,
			about: "Authorized at the exam vendor two weeks ago, has not booked; was reminded.", story: doesNotBook},
		{id: "hector_solis", first: "Hector", last: "Solís", language: "es", county: "Kern", ends: certification.StageExamBooking,
			about: "STUCK: the exam vendor refused the authorization. Asks for attention: vendor.", story: refusedByVendor},
		{id: "ilse_tanaka", first: "Ilse", last: "Tanaka", county: "Los Angeles", ends: certification.StageExamBooked,
			about: "Has an exam appointment in three days.", story: booked},
		{id: "jamal_whitford", first: "Jamal", last: "Whitford", county: "Fresno", ends: certification.StageExamScoring,
			about: "Took the exam yesterday; the vendor owes the result.", story: awaitsResult},
		{id: "carmen_ovalle", first: "Carmen", last: "Ovalle", language: "es", county: "San Diego", ends: certification.StageCertified,
			about: "Certified ten months ago; nothing to do.", story: certifiedFor},
		{id: "stefan_brooks", first: "Stefan", last: "Brooks", county: "Los Angeles", ends: certification.StageCertified,
			about: "Certified in the second term: renewed four months ago.", story: secondTerm},
		{id: "ayana_cole", first: "Ayana", last: "Cole", county: "Alameda", ends: certification.StageCertified,
			about: "Certificate SUSPENDED while a complaint is looked into.", story: suspended},
		{id: "viktor_lam", first: "Viktor", last: "Lam", county: "Santa Clara", ends: certification.StageRenewal,
			about: "Certificate expires in five weeks; two renewal reminders went out.", story: renewalOpen},
		{id: "lupe_maldonado", first: "Lupe", last: "Maldonado", language: "es", county: "Tulare", ends: certification.StageRenewalFee,
			about: "Filed the renewal two days ago, has not paid yet.", story: renewalUnpaid},
		{id: "ruth_ekwueme", first: "Ruth", last: "Ekwueme", county: "Sacramento", ends: certification.StageRenewalReview,
			about: "Renewal under review, due in three days: escalated. Asks for attention: review.", story: renewalReviewed},
		{id: "desmond_hale", first: "Desmond", last: "Hale", county: "Humboldt", ends: certification.StageRenewalReview,
			about: "Certificate lapsed; renewed late; r-01 has claimed the review.", story: renewsLate},
		{id: "farah_quist", first: "Farah", last: "Quist", county: "Monterey", ends: certification.StageRenewalReturned,
			about: "Renewal returned: a law and ethics course is missing.", story: renewalReturned},
		{id: "gus_petrov", first: "Gus", last: "Petrov", county: "Shasta", ends: certification.StageExpired,
			about: "Let the certificate expire; late renewal is still possible.", story: letsExpire},
		{id: "nadia_frost", first: "Nadia", last: "Frost", county: "San Francisco", ends: certification.StageDenied,
			about: "Application denied ten days ago; may appeal for twenty more.", story: denied},
		{id: "ossie_bell", first: "Ossie", last: "Bell", county: "Kern", ends: certification.StageRevoked,
			about: "Certificate revoked twelve days ago; may appeal.", story: revoked},
		{id: "teodora_ruiz", first: "Teodora", last: "Ruiz", language: "es", county: "Fresno", ends: certification.StageAppealReview,
			about: "Appealed a revocation; reviewer r-02 has claimed the appeal.", story: appealed},
		{id: "mina_calloway", first: "Mina", last: "Calloway", county: "Los Angeles", ends: certification.StageClosed,
			about: "Closed: withdrew while under review.", story: withdraws},
		{id: "paul_jimenez", first: "Paul", last: "Jimenez", county: "San Diego", ends: certification.StageClosed,
			about: "Closed: gave the certificate back.", story: surrenders},
	}
	born := []certification.Date{"1968-02-29", "1974-11-03", "1981-07-22", "1988-04-12", "1993-09-30", "1999-01-17"}
	experiences := []string{"consumer", "parent", "caregiver", "family_member"}
	for i := range list {
		p := &list[i]
		if p.language == "" {
			p.language = "en"
		}
		p.city, p.zip = places[p.county][0], places[p.county][1]
		p.born, p.experience = born[i%len(born)], experiences[i%len(experiences)]
	}
	return list
}
